"""The names in a run directory, and writing whole or not at all."""

import os
from pathlib import Path

import pytest

from trainer.paths import RunPaths, atomic_path, write_text


def test_layout() -> None:
    paths = RunPaths(Path("runs/demo/3"))
    files = (
        paths.hparams, paths.events, paths.log, paths.lease, paths.process,
        paths.last_checkpoint, paths.best_checkpoint, paths.alignment_png(150),
        paths.sample_wav(150),
    )  # fmt: skip
    assert [paths.relative(file) for file in files] == [
        "hparams.yaml", "events.jsonl", "trainer.log", "lease", "process.json",
        "checkpoints/last.pt", "checkpoints/best.pt", "samples/alignment_0000150.png",
        "samples/sample_0000150.wav",
    ]  # fmt: skip
    assert len(set(files)) == len(files)
    with pytest.raises(ValueError, match="not in the subpath"):
        paths.relative(Path("elsewhere"))


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "in" / "a.txt"
    write_text(path, "Ёжик\n")
    assert path.read_bytes() == "Ёжик\n".encode()
    write_text(path, "2")
    assert path.read_text(encoding="utf-8") == "2"
    assert list(path.parent.iterdir()) == [path]


def test_until_the_end_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_text("old", encoding="utf-8")
    with atomic_path(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert (temporary.parent, temporary.suffix) == (path.parent, ".npy")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path: Path, exists: bool, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    if exists:
        path.write_text("old", encoding="utf-8")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(error):
        fail()
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["old"] * exists


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o007, 0o660), (0o077, 0o600)])
def test_modes_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "a.txt", "a")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode
