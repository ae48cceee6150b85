from pathlib import Path

import pytest

from smart_tuner.run_files import RunFiles, freed, step_of


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = tmp_path / "runs" / "7"
    for name in (
        "checkpoints/last.pt", "checkpoints/best.pt", "checkpoints/.last-0123.pt",
        "checkpoints/notes.txt", "samples/alignment_0001000.png", "samples/alignment_10000000.png",
        "samples/sample_0000050.wav", "samples/song.wav", "events.jsonl", "debug/01/x.png",
    ):  # fmt: skip
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
    return run


def test_checkpoints_and_samples_and_nothing_else(run: Path) -> None:
    found = RunFiles.in_directory(run)

    assert [path.name for path in found.checkpoints] == [".last-0123.pt", "best.pt", "last.pt"]
    assert [step_of(path) for path in found.alignments] == [1000, 10_000_000]
    assert [path.name for path in found.recordings] == ["sample_0000050.wav"]
    assert found.left == ()


def test_what_leads_elsewhere_is_left(run: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.pt"
    precious.touch()
    (run / "checkpoints" / "link.pt").symlink_to(precious)
    elsewhere = tmp_path / "elsewhere"
    (run / "samples").rename(elsewhere)
    (run / "samples").symlink_to(elsewhere)

    found = RunFiles.in_directory(run)

    assert "link.pt" not in {path.name for path in found.checkpoints}
    assert (found.alignments, found.recordings) == ((), ())
    assert len(found.left) == 4


def test_a_run_directory_behind_a_link_is_itself(run: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(run.parent)

    assert len(RunFiles.in_directory(tmp_path / "link" / "7").checkpoints) == 3


def test_nothing_there(tmp_path: Path) -> None:
    assert RunFiles.in_directory(tmp_path / "nowhere") == RunFiles()


def test_what_has_two_names_is_freed_with_the_second(run: Path) -> None:
    last, best, other = (run / "checkpoints" / name for name in ("last.pt", "best.pt", "other.pt"))
    last.unlink()
    last.hardlink_to(best)
    other.write_bytes(b"x" * 7)

    assert freed([last]) == 0
    assert freed([last, best, other]) == 107
    assert freed([]) == 0
