from collections.abc import Callable, Sequence
from typing import Any

import pytest

from smart_tuner.health import History, history_of
from trainer.events import Evaluation, Event, Started, Step

MakeHistory = Callable[..., History]


def started(*, r: int = 3, step: int = 0, baseline: float = 1.0) -> Started:
    return Started(
        step=step,
        steps=500,
        resumed=step > 0,
        pid=1,
        hparams={"n_frames_per_step": r},
        versions={},
        n_parameters=1,
        n_training=400,
        n_held_out=20,
        baseline_mel_l1=baseline,
    )


def step(number: int, norm: float = 1.0, loss: float = 1.0) -> Step:
    return Step(number, {"train.loss": loss, "gradient.norm": norm})


def evaluation(number: int, best: bool = False, **scores: float) -> Evaluation:
    """``mel_l1``, ``diagonal`` and ``overall`` for short; ``best``: whether it is."""
    names = {
        "mel_l1": "validation.mel_l1",
        "loss": "validation.loss",
        "diagonal": "alignment.diagonal_score",
        "overall": "alignment.overall_score",
        "quality": "quality",
    }
    metrics = {names[name]: value for name, value in scores.items()}
    return Evaluation(number, metrics, "a.png", "a.wav", best=best, seconds=1.0)


@pytest.fixture
def with_norms() -> Callable[[Sequence[float]], History]:
    """A history of steps with these gradient norms."""
    return lambda norms: history_of([started(), *(step(i, norm) for i, norm in enumerate(norms))])


@pytest.fixture
def with_evaluations() -> Callable[..., History]:
    """A history of evaluations: ``(step, {mel_l1, diagonal, overall})``, baseline 1.0."""

    def make(*evaluations: tuple[int, dict[str, Any]], r: int = 3) -> History:
        return history_of(
            [started(r=r), *(evaluation(number, **scores) for number, scores in evaluations)]
        )

    return make


@pytest.fixture
def events() -> dict[str, Callable[..., Event]]:
    """Makers of single events."""
    return {"started": started, "step": step, "evaluation": evaluation}
