"""What a successful training has (METRICS, "Success of a training"), from both sides."""

from collections.abc import Callable
from typing import Any

import pytest

from smart_tuner.health import HealthSection, History, history_of
from smart_tuner.health.checklist import checklist
from smart_tuner.health.codes import CheckCode
from storage.assessment import Check
from trainer.events import Event

Makers = dict[str, Callable[..., Event]]


def checks(history: History, **success: float) -> dict[str, Check]:
    """The checklist by code."""
    settings = HealthSection.model_validate({"success": success})
    return {check.code: check for check in checklist(history, settings)}


def test_nothing_is_known_of_a_trial_that_has_not_begun() -> None:
    found = checks(History())
    assert list(found) == list(CheckCode)
    assert {check.passed for check in found.values()} == {None}
    assert {check.value for check in found.values()} == {None}


@pytest.mark.parametrize(
    ("code", "scores", "passed"),
    [
        ("diagonal_attention", {"diagonal": 0.71}, True),
        ("diagonal_attention", {"diagonal": 0.7}, False),
        ("low_loss", {"loss": 0.99}, True),
        ("low_loss", {"loss": 1.0}, False),
        ("good_quality", {"quality": 0.81}, True),
        ("good_quality", {"quality": 0.8}, False),
    ],
)
def test_scores(code: str, scores: dict[str, float], passed: bool, events: Makers) -> None:
    check = checks(history_of([events["evaluation"](50, **scores)]))[code]
    assert (check.passed, check.value) == (passed, *scores.values())


def test_the_best_evaluation_counts(events: Makers) -> None:
    make = events["evaluation"]
    history = history_of([make(50, best=True, quality=0.9), make(100, quality=0.5)])
    assert checks(history)["good_quality"].value == 0.9


@pytest.mark.parametrize(
    ("norms", "passed"),
    [
        ([500.0] * 99 + [1.0] * 101, True),  # the median of the last 200, whatever the mean
        ([1.0] * 99 + [10.0] * 101, False),
        ([9.9] * 200, True),
        ([500.0] * 200 + [1.0] * 200, True),
    ],
)
def test_the_median_norm(norms: list[float], passed: bool, events: Makers) -> None:
    history = history_of(events["step"](n, norm) for n, norm in enumerate(norms, 1))
    assert checks(history)["calm_gradient"].passed is passed


def test_early_norms_say_nothing(events: Makers) -> None:
    history = history_of(events["step"](n, 20.0) for n in range(1, 200))
    assert checks(history)["calm_gradient"].passed is None


def test_beginning_anew(events: Makers) -> None:
    started = events["started"]
    for told, passed in (([started(), started(step=5)], True), ([started(), started()], False)):
        check = checks(history_of(told))["no_restart_at_zero"]
        assert (check.passed, check.value) == (passed, float(not passed))


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("calm_gradient", "gradient_norm", 0.5),
        ("diagonal_attention", "diagonal_score", 0.95),
        ("low_loss", "validation_loss", 0.1),
        ("good_quality", "quality", 0.95),
    ],
)
def test_every_threshold_can_be_set(code: str, name: str, value: float, events: Makers) -> None:
    scores: dict[str, Any] = {"diagonal": 0.9, "loss": 0.5, "quality": 0.9}
    history = history_of([events["step"](200), events["evaluation"](200, **scores)])
    assert checks(history)[code].passed is True
    check = checks(history, **{name: value})[code]
    assert (check.passed, check.threshold) == (False, value)
