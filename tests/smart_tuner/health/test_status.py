import pytest

from smart_tuner.health import History, Reason, history_of
from smart_tuner.health.status import Level, level_of
from trainer.events import Evaluation, Step

GRACE = 150
STABLE, ATTENTION, CRITICAL = Level.STABLE, Level.NEEDS_ATTENTION, Level.CRITICAL


def after(step: int, norm: float | None = None, **scores: float) -> History:
    """A history whose newest step and evaluation are at ``step``."""
    names = {
        "overall": "alignment.overall_score",
        "diagonal": "alignment.diagonal_score",
        "early": "gate.early_rate",
        "missed": "gate.missed_rate",
    }
    metrics = {names[name]: value for name, value in scores.items()}
    events = [] if norm is None else [Step(step, {"gradient.norm": norm})]
    return history_of([*events, Evaluation(step, metrics, "", "", False, 0.0)])


TABLE = [
    (History(), STABLE),
    # gradient norms: only from step 200 on
    (after(199, norm=500.0), STABLE),
    (after(200, norm=10.0), STABLE),
    (after(200, norm=10.1), ATTENTION),
    (after(200, norm=100.0), ATTENTION),
    (after(200, norm=100.1), CRITICAL),
    # alignment: only after the grace period
    (after(150, overall=0.0, diagonal=0.0), STABLE),
    (after(151, overall=0.0, diagonal=0.0), CRITICAL),
    (after(151, overall=0.19, diagonal=0.9), CRITICAL),
    (after(151, overall=0.2, diagonal=0.9), ATTENTION),
    (after(151, overall=0.29, diagonal=0.9), ATTENTION),
    (after(151, overall=0.3, diagonal=0.9), STABLE),
    (after(151, overall=0.3, diagonal=0.1), STABLE),
    (after(151, overall=0.3, diagonal=0.09), CRITICAL),
    # stops: early or missed
    (after(151, early=0.2, missed=0.2), STABLE),
    (after(151, early=0.21), ATTENTION),
    (after(151, missed=0.21), ATTENTION),
    # the graver one counts
    (after(200, norm=11.0, overall=0.1), CRITICAL),
    (after(200, norm=101.0, early=1.0), CRITICAL),
]


@pytest.mark.parametrize(("history", "level"), TABLE)
def test_the_newest_numbers_decide(history: History, level: Level) -> None:
    assert level_of(history, GRACE) is level


@pytest.mark.parametrize(
    ("reason", "level"),
    [
        (Reason.GRADIENT_EXPLOSION, CRITICAL),
        (Reason.NON_FINITE, CRITICAL),
        (Reason.NEVER_ALIGNED, CRITICAL),
        (Reason.ALIGNMENT_LOST, CRITICAL),
        (Reason.STATISTICAL, STABLE),
        (Reason.STOPPED, STABLE),
        (None, STABLE),
    ],
)
def test_a_reason_decides_too(reason: Reason | None, level: Level) -> None:
    assert level_of(after(200, norm=1.0, overall=0.9, diagonal=0.9), GRACE, reason) is level
    assert level_of(after(200, norm=101.0), GRACE, reason) is CRITICAL


def test_a_later_step_counts_and_not_the_worst() -> None:
    steps = [Step(200, {"gradient.norm": 500.0}), Step(201, {"gradient.norm": 1.0})]
    assert level_of(history_of(steps), GRACE) is STABLE
