"""Time to the first step, of real processes."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from benchmarks import start
from benchmarks.setting import Setting


def test_a_start_takes_longer_than_its_floor_and_ends_with_the_step(
    setting: Callable[..., Setting],
) -> None:
    ours, floor = start.starts(setting())
    children = psutil.Process().children()
    assert 0.1 < floor.run()["start"] < ours.run()["start"] < 60.0
    assert psutil.Process().children() == children


def test_a_trainer_that_fails_says_why(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(start, "make_recordings", lambda folder: tmp_path / "no-corpus")
    ours, _ = start.starts(setting())
    with pytest.raises(start.TrainerFailedError, match=r"no step: error: .*no-corpus"):
        ours.run()
