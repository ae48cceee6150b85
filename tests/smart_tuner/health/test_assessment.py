"""The judgement as a whole, and that what is stored is what was judged."""

import json
import math
from collections.abc import Callable

import pytest

from smart_tuner.health import Assessment, HealthSection, History, Level, Reason, assess, history_of
from storage.json_values import decoded, encoded
from trainer.events import Diverged, Event

Makers = dict[str, Callable[..., Event]]
GRACE = 150


def judged(*events: Event, reason: Reason | None = None) -> Assessment:
    return assess(history_of(events), HealthSection(), GRACE, reason=reason)


def test_a_trial_that_has_not_begun_is_stable() -> None:
    assessment = assess(History(), HealthSection(), GRACE)
    assert (assessment.level, assessment.flags, assessment.recommendations) == (
        Level.STABLE,
        (),
        (),
    )
    assert {check.passed for check in assessment.checklist} == {None}


def test_the_gravest_flag_makes_the_level(events: Makers) -> None:
    step, evaluation = events["step"], events["evaluation"]
    assert judged(step(250)).level is Level.STABLE
    assert judged(step(250, norm=11.0)).level is Level.NEEDS_ATTENTION
    assert judged(step(250, norm=11.0), evaluation(250, overall=0.1)).level is Level.CRITICAL


def test_a_good_training(events: Makers) -> None:
    steps = [events["step"](n, norm=20.0 if n < 20 else 1.0) for n in range(1, 501)]
    last = events["evaluation"](
        500, best=True, mel_l1=0.3, loss=0.8, diagonal=0.94, overall=0.9, quality=0.9
    )
    assessment = judged(events["started"](), *steps, last)
    assert assessment.level is Level.STABLE
    assert [check.passed for check in assessment.checklist] == [True] * 5
    assert assessment.recommendations == ()


def test_a_trial_that_exploded(events: Makers) -> None:
    steps = [events["step"](n, norm=500.0) for n in range(5)]
    assessment = judged(events["started"](), *steps, reason=Reason.GRADIENT_EXPLOSION)
    assert assessment.level is Level.CRITICAL
    assert [flag.code for flag in assessment.flags] == ["gradient_explosion"]
    assert assessment.flags[0].values["gradient.norm"] == 500.0
    assert {one.because for one in assessment.recommendations} == {"gradient_explosion"}
    assert assessment.recommendations[0].hparam == "learning_rate"


def test_a_trial_without_memory_is_stable_but_advised() -> None:
    """Its numbers are good; that it failed, its state says."""
    assessment = judged(reason=Reason.OUT_OF_MEMORY)
    assert assessment.level is Level.STABLE
    assert assessment.recommendations[0].hparam == "micro_batch_size"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_stored_is_what_was_judged(value: float, events: Makers) -> None:
    assessment = judged(
        events["started"](),
        events["step"](300, norm=12.0),
        events["evaluation"](300, overall=0.1, diagonal=0.05, loss=2.0),
        Diverged(301, "train.loss", value),
        events["started"](step=300),
        Diverged(301, "train.loss", value),
        reason=Reason.NON_FINITE,
    )
    stored = decoded(json.loads(json.dumps(encoded(assessment.to_json()), allow_nan=False)))
    back = Assessment.from_json(stored)
    assert json.dumps(back.to_json()) == json.dumps(assessment.to_json())
    assert back.level is Level.CRITICAL
    assert stored["level"] == "CRITICAL"
    assert {flag["code"] for flag in stored["flags"]} >= {"non_finite", "off_diagonal", "resumed"}
