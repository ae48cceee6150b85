"""The one place where a trial's health is judged: pure functions of its history."""

from collections.abc import Iterable

from smart_tuner.health.alignment import alignment_lost, never_aligned
from smart_tuner.health.explosion import gradient_explosion, non_finite
from smart_tuner.health.history import History
from smart_tuner.health.settings import HealthSection
from smart_tuner.health.verdict import Verdict
from trainer.events import Event


def judge(history: History, settings: HealthSection, grace_steps: int) -> Verdict | None:
    """The first rule that prunes, the gravest first, or ``None`` while the trial may go on.

    Args:
        history: what the trial has reported so far.
        settings: switches and thresholds.
        grace_steps: the trial's grace period (:func:`smart_tuner.health.grace.grace_steps`, or
            ``settings.grace_steps`` where that is set).
    """
    return (
        non_finite(history, settings.non_finite)
        or gradient_explosion(history, settings.gradient_explosion)
        or alignment_lost(history, settings.alignment_lost, grace_steps)
        or never_aligned(history, settings.never_aligned, grace_steps)
    )


def follow(
    history: History, events: Iterable[Event], settings: HealthSection, grace_steps: int
) -> tuple[History, Verdict | None]:
    """Fold ``events`` into ``history``, judging after each; stops at the first verdict.

    Judging after each event matters: a poll may bring more steps than a rule's window holds.
    """
    for event in events:
        history = history.after(event)
        verdict = judge(history, settings, grace_steps)
        if verdict is not None:
            return history, verdict
    return history, None
