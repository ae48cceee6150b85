"""Rescues as the controller sees them: counted once, and waited for."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from smart_tuner.health import HealthSection, History, Reason, history_of, judge
from smart_tuner.health.restarts import Restarts
from trainer.events import Checkpoint, Diverged, Event, LearningRateAdapted, Rescued, Step

Makers = dict[str, Callable[..., Any]]


def rescued(step: int, to_step: int, restarts: int, factor: float) -> Rescued:
    return Rescued(step, to_step, "gradient_explosion", restarts, factor)


def restarts(events: Iterable[Event]) -> Restarts:
    counted = Restarts()
    for event in events:
        counted = counted.after(event)
    return counted


@pytest.fixture
def rescuing(events: Makers) -> Callable[..., Any]:
    """The start of a run that rescues."""

    def make(step: int = 0, **hparams: Any) -> Event:
        own = {"rescue": True, "max_restarts": 3, "learning_rate": 0.3, **hparams}
        begun: Event = replace(events["started"](step=step), hparams=own)
        return begun

    return make


TABLE: list[tuple[list[Event], tuple[int, int, float]]] = [
    ([], (0, 0, 1.0)),
    ([LearningRateAdapted(9, 0.5, "plateau")], (0, 0, 0.5)),
    ([rescued(9, 5, 1, 0.5)], (1, 1, 0.5)),
    ([rescued(9, 5, 1, 0.5), rescued(9, 5, 2, 0.25)], (2, 2, 0.25)),
    # a resumed process repeats the one that it had forgotten
    ([rescued(9, 5, 1, 0.5), replace(rescued(9, 5, 1, 0.5), time=7.0)], (1, 1, 0.5)),
    # the row ends beyond the furthest failure, the rate stays
    ([rescued(9, 5, 1, 0.5), Checkpoint(5, "x"), Checkpoint(9, "x")], (1, 1, 0.5)),
    ([rescued(9, 5, 1, 0.5), Checkpoint(10, "x")], (1, 0, 0.5)),
    ([rescued(9, 5, 1, 0.5), Checkpoint(10, "x"), rescued(20, 10, 1, 0.2)], (2, 1, 0.2)),
    ([rescued(20, 5, 1, 0.5), rescued(9, 5, 2, 0.2), Checkpoint(10, "x")], (2, 2, 0.2)),
]


@pytest.mark.parametrize(("told", "expected"), TABLE)
def test_restarts_are_counted(told: list[Event], expected: tuple[int, int, float]) -> None:
    counted = restarts(told)
    assert (counted.total, counted.in_a_row, counted.factor) == expected


def test_what_a_rescue_undid_is_forgotten(events: Makers, rescuing: Callable[..., Any]) -> None:
    history = history_of(
        [
            rescuing(),
            *(events["step"](number) for number in range(1, 11)),
            events["evaluation"](5, overall=0.4),
            events["evaluation"](10, overall=0.6),
            rescued(10, 5, 1, 0.5),
            events["step"](6, norm=3.0),
        ]
    )
    assert [seen.step for seen in history.steps] == [1, 2, 3, 4, 5, 6]
    assert [seen.step for seen in history.evaluations] == [5]
    assert history.restarts.total == 1
    assert history.effective_learning_rate == 0.15


def test_skipped_steps_say_nothing(events: Makers) -> None:
    steps = [
        Step(n, {"train.loss": 1.0, "gradient.norm": math.inf}, skipped=True) for n in range(9)
    ]
    told = [events["started"](), events["step"](1), *steps]
    history = history_of(told)
    assert [seen.step for seen in history.steps] == [1]
    assert judge(history, HealthSection(), grace_steps=0) is None
    counted = history_of(
        replace(event, skipped=False) if event in steps else event for event in told
    )
    assert judge(counted, HealthSection(), grace_steps=0) is not None


@pytest.mark.parametrize("rescue", [True, False])
@pytest.mark.parametrize("norm", [1e4, math.inf])
def test_a_trainer_that_rescues_is_waited_for(
    norm: float, rescue: bool, events: Makers, rescuing: Callable[..., Any]
) -> None:
    steps = [events["step"](number, norm=norm) for number in range(20)]
    verdict = judge(history_of([rescuing(rescue=rescue), *steps]), HealthSection(), grace_steps=0)
    assert (verdict is None) == rescue


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1e4, Reason.GRADIENT_EXPLOSION),
        (math.inf, Reason.NON_FINITE),
        (math.nan, Reason.NON_FINITE),
    ],
)
def test_until_it_leaves_as_diverged(
    value: float, reason: Reason, rescuing: Callable[..., Any]
) -> None:
    diverged = Diverged(31, "gradient.norm", value)
    history = history_of([rescuing(), rescued(12, 5, 1, 0.5), diverged])
    verdict = judge(history, HealthSection(), grace_steps=0)
    assert verdict is not None
    assert (verdict.reason, verdict.step) == (reason, 31)
    assert repr(verdict.evidence) == repr({"gradient.norm": value, "restarts": 1.0})
    off = HealthSection.model_validate({str(reason): False})
    assert judge(history, off, grace_steps=0) is None


def test_of_a_run_that_does_not_rescue_nothing_is_said(events: Makers) -> None:
    history = history_of([events["started"]()])
    assert (history.rescue, history.effective_learning_rate) == (False, None)
    assert History().restarts.total == 0
