"""Which files of a run are shown, under which names, in which order."""

import time
from pathlib import Path

from dashboards.web.run_files import newest, run_files


def test_samples_and_debug_reports_are_shown_and_nothing_else(study: str, tmp_path: Path) -> None:
    shown = {file.path: (file.name, file.mimetype) for file in run_files(_run(tmp_path, study))}
    report = "debug/01_step_0000006_non_finite"
    assert shown == {
        "samples/alignment_0001000.png": ("newest, step 1000 alignment and mels.png", "image/png"),
        "samples/sample_0001000.wav": ("newest, step 1000 speech.wav", "audio/wav"),
        "samples/alignment_0000050.png": ("step 0050 alignment and mels.png", "image/png"),
        "samples/sample_0000050.wav": ("step 0050 speech.wav", "audio/wav"),
        "debug/stalled_1.txt": ("stalled_1.txt", "text/plain; charset=utf-8"),
        f"{report}/report.json": ("debug, step 6 non_finite report.json", "application/json"),
        f"{report}/page.html": ("debug, step 6 non_finite page.html", "application/octet-stream"),
    }


def test_new_samples_are_seen_and_links_are_not(study: str, tmp_path: Path) -> None:
    run = _run(tmp_path, study)
    assert len(run_files(run)) == 7
    time.sleep(0.01)  # as coarse as a file system's clock may be
    (run / "samples/sample_0000050.wav").rename(run / "samples/sample_0000060.wav")
    (run / "debug/passwd.txt").symlink_to("/etc/passwd")
    assert [file.path for file in run_files(run)][2:4] == [
        "samples/sample_0000060.wav",
        "samples/alignment_0000050.png",
    ]
    assert not any("passwd" in file.path for file in run_files(run))


def test_of_many_trials_the_newest_evaluation_stands_for_all(study: str, tmp_path: Path) -> None:
    paths = [file.path for file in newest(run_files(_run(tmp_path, study)))]
    assert paths[:2] == ["samples/alignment_0001000.png", "samples/sample_0001000.wav"]
    assert len(paths) == 5


def test_a_run_without_files_shows_none(tmp_path: Path) -> None:
    assert run_files(tmp_path / "nowhere") == ()
    (tmp_path / "samples").mkdir()
    assert run_files(tmp_path) == ()


def _run(folder: Path, study: str) -> Path:
    return folder / "runs" / study / "0"
