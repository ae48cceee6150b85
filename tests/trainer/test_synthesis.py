"""Speech from a checkpoint, in this process and as a command."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths
from trainer.synthesis import synthesize

Finish = Callable[..., subprocess.CompletedProcess[str]]
CPU = torch.device("cpu")
SYNTHESIZE = [sys.executable, "-P", "-m", "trainer", "synthesize", "--device", "cpu"]


@pytest.fixture(scope="module")
def checkpoint(trained_run: Path) -> Path:
    return RunPaths(trained_run).last_checkpoint


def test_a_text_is_spoken(checkpoint: Path, tmp_path: Path) -> None:
    speech = synthesize(checkpoint, "The red queen waits.", tmp_path / "a.wav", CPU, seed=0)
    samples, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 22_050
    assert len(samples) > 0
    assert speech.seconds == pytest.approx(len(samples) / rate)
    assert np.abs(samples).max() > 0
    assert speech.unknown == {}
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_the_seed_says_which_reading(checkpoint: Path, tmp_path: Path) -> None:
    def spoken(seed: int) -> bytes:
        synthesize(checkpoint, "The red queen waits.", tmp_path / "a.wav", CPU, seed)
        return (tmp_path / "a.wav").read_bytes()

    assert spoken(1) == spoken(1)
    assert spoken(1) != spoken(2)


def test_unknown_symbols_are_counted(checkpoint: Path, tmp_path: Path) -> None:
    speech = synthesize(checkpoint, "The 中 queen 中 waits♪.", tmp_path / "a.wav", CPU, 0)
    assert speech.unknown == {"中": 2, "♪": 1}
    plain = synthesize(checkpoint, "The 中 queen 中 waits.", tmp_path / "b.wav", CPU, 0)
    assert plain.seconds == speech.seconds


@pytest.mark.parametrize("text", ["", "  ", "中文", "♪"])
def test_nothing_to_say(checkpoint: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInputError, match=r"holds no symbol that this voice knows \(symbols=en"):
        synthesize(checkpoint, text, tmp_path / "a.wav", CPU, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_wav_that_cannot_be_written(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match=r"file/a\.wav can't be written"):
        synthesize(checkpoint, "The red queen.", tmp_path / "file" / "a.wav", CPU, 0)
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(BadInputError, match=r"folder\.wav can't be written"):
        synthesize(checkpoint, "The red queen.", tmp_path / "folder.wav", CPU, 0)


def test_the_command_speaks_and_reports(checkpoint: Path, tmp_path: Path, finish: Finish) -> None:
    out = tmp_path / "new" / "a.wav"
    done = finish([*SYNTHESIZE, "--checkpoint", str(checkpoint), "The 中 red queen.", str(out)])
    assert done.returncode == 0, done.stderr
    assert soundfile.info(out).frames > 0
    assert "1 x U+4E2D" in done.stderr
    assert f"wrote {out}" in done.stderr


def test_the_command_without_a_known_symbol(
    checkpoint: Path, tmp_path: Path, finish: Finish
) -> None:
    done = finish([*SYNTHESIZE, "--checkpoint", str(checkpoint), "中文", str(tmp_path / "a.wav")])
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("error: text '中文' holds no symbol")


def test_the_command_without_a_checkpoint(tmp_path: Path, finish: Finish) -> None:
    missing = tmp_path / "none.pt"
    done = finish([*SYNTHESIZE, "--checkpoint", str(missing), "hello", str(tmp_path / "a.wav")])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: checkpoint {missing}: no such file\n"
