from typing import Any

import pytest

from smart_tuner.health import grace_steps, is_too_short
from trainer.hparams import HParams


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 8000),
        ({"guide_loss_weight": 0.0}, 20000),
        ({"batch_size": 16}, 32000),
        ({"batch_size": 256}, 2000),
        ({"batch_size": 48}, 10667),
        ({"n_frames_per_step": 2}, 4000),
        ({"n_frames_per_step": 3}, 4000),
        ({"n_frames_per_step": 4}, 2667),
        ({"n_frames_per_step": 5, "guide_loss_weight": 0.0}, 6667),
    ],
)
def test_of_the_published_size(changes: dict[str, Any], expected: int) -> None:
    hparams = HParams().model_copy(update=changes)
    assert grace_steps(hparams, preset="tacotron2", steps=20000) == expected


def test_a_warm_start_is_short() -> None:
    assert grace_steps(HParams(), preset="tacotron2", steps=20000, warm_start=True) == 4000


@pytest.mark.parametrize(("steps", "expected"), [(500, 150), (2000, 600), (10, 3), (1, 1)])
def test_the_demo_takes_a_share_of_its_run(steps: int, expected: int) -> None:
    assert grace_steps(HParams.preset("demo"), preset="demo", steps=steps) == expected


@pytest.mark.parametrize(("steps", "too_short"), [(11999, True), (12000, False)])
def test_trials_under_one_and_a_half_grace_periods_are_too_short(
    steps: int, too_short: bool
) -> None:
    assert is_too_short(steps, 8000) == too_short
