"""Learning rates, step by step."""

import itertools
import math

import pytest

from trainer.hparams import HParams
from trainer.schedule import learning_rate

RATE = 8e-3
COSINE = {"schedule": "cosine", "schedule_floor": 0.05}


@pytest.mark.parametrize(
    ("hparams", "step", "share"),
    [
        ({}, 0, 1.0),
        ({}, 10**6, 1.0),
        ({"warmup_steps": 3}, 0, 0.25),
        ({"warmup_steps": 3}, 1, 0.5),
        ({"warmup_steps": 3}, 2, 0.75),
        ({"warmup_steps": 3}, 3, 1.0),
        ({"warmup_steps": 3}, 99, 1.0),
        (COSINE, 0, 1.0),
        (COSINE, 25, 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi / 4))),
        (COSINE, 50, 0.525),
        (COSINE, 100, 0.05),
        (COSINE, 250, 0.05),  # trained for longer than planned: it stays at the floor
        ({"schedule": "cosine", "schedule_floor": 0.0}, 100, 0.0),
        ({"schedule": "cosine", "schedule_floor": 1.0}, 70, 1.0),
        ({**COSINE, "warmup_steps": 20}, 0, 1 / 21),
        ({**COSINE, "warmup_steps": 20}, 20, 1.0),
        ({**COSINE, "warmup_steps": 20}, 60, 0.525),
        ({**COSINE, "warmup_steps": 20}, 100, 0.05),
        ({**COSINE, "warmup_steps": 100}, 99, 100 / 101),
        ({**COSINE, "warmup_steps": 200}, 99, 100 / 201),
    ],
)
def test_rates(hparams: dict[str, object], step: int, share: float) -> None:
    made = HParams.model_validate({"learning_rate": RATE, **hparams})
    assert learning_rate(made, step, steps=100) == pytest.approx(RATE * share)


@pytest.mark.parametrize("warmup", [0, 10, 40])
def test_cosine_rises_then_falls_without_a_leap(warmup: int) -> None:
    hparams = HParams(learning_rate=1.0, schedule="cosine", warmup_steps=warmup)
    rates = [learning_rate(hparams, step, 100) for step in range(100)]
    assert rates[:warmup] == sorted(rates[:warmup])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.1


def test_one_step() -> None:
    assert learning_rate(HParams(learning_rate=1.0, schedule="cosine"), 0, 1) == 1.0
