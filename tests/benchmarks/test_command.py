"""``python -m benchmarks``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main

ROOT = Path(__file__).parents[2]
QUICKLY = ("--quick", "--repeats", "2")


def test_rows_are_printed_and_stored(
    tmp_path: Path,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = ("--rows", "mel,step-8", "--against", str(checkout), "--output", str(tmp_path))
    assert main([*QUICKLY, *told]) == 0
    printed = capsys.readouterr().out
    (stored,) = tmp_path.glob("*-quick.json")
    (table,) = tmp_path.glob("*.md")
    found = json.loads(stored.read_text(encoding="utf-8"))
    titles = [row["title"] for row in found["rows"]]
    assert titles[0] == "mel, a second of sound"
    assert "step, small, batch 2 [torch]" in titles
    ratio = found["rows"][1]["against"][0]["ratio"]
    assert ratio["least"] <= ratio["median"] <= ratio["most"]
    assert found["environment"]["threads"] == 1
    assert len(found["series"]["step-8"][0]["runs"]) == 2
    for shown in (printed, table.read_text(encoding="utf-8")):
        assert "step, small, batch 2 [torch]" in shown
        assert "NVIDIA/tacotron2" in shown
        assert "get_mask_from_lengths" in shown
        assert "CPU time" in shown
    assert stored.name in printed.replace("\n", "")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rows", "step-7"), "--rows step-7: no such rows; there are mel, loading, start"),
        (("--against", "nowhere"), "--against nowhere: no model.py there; give the folder"),
        (("--device", "gpu"), "device 'gpu' is unknown"),
    ],
)
def test_what_it_is_told_wrongly_is_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*QUICKLY, *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {message}")
    assert said.count("\n") == 1


def test_the_process_ends_as_it_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--repeats", "0"],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "0 is not at least 1" in done.stderr
    assert done.stderr.count("\n") == 1
