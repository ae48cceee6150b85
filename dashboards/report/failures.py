"""Every trial that ended early, and every attempt that failed, by reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboards.savings import Saving
from storage.records import AttemptRecord, TrialRecord, TrialState

_ENDS = (TrialState.PRUNED, TrialState.FAILED)
_ACCIDENTS = ("crashed", "stalled", "out_of_memory", "lost")
"""Causes of an attempt's end after which its trial may have been started again."""


@dataclass(frozen=True)
class Failures:
    """The trials that were pruned or failed for one reason."""

    reason: str
    trials: Sequence[TrialRecord]
    """By number."""
    steps_saved: int
    seconds_saved: float


@dataclass(frozen=True)
class FailedAttempts:
    """The attempts that ended for one cause, whatever became of their trials then."""

    cause: str
    attempts: int
    numbers: Sequence[int]
    """Of the trials."""
    seconds: float


def failures(trials: Iterable[TrialRecord], saved: Iterable[Saving]) -> list[Failures]:
    """By reason, the most frequent first."""
    groups: dict[str, list[TrialRecord]] = {}
    for trial in trials:
        if trial.state in _ENDS:
            groups.setdefault(trial.reason or "", []).append(trial)
    known = list(saved)
    found = [_of(reason, ended, known) for reason, ended in groups.items()]
    return sorted(found, key=lambda one: (-len(one.trials), one.reason))


def failed_attempts(attempts: Iterable[AttemptRecord]) -> list[FailedAttempts]:
    """By cause, the most frequent first."""
    groups: dict[str, list[AttemptRecord]] = {}
    for attempt in attempts:
        if attempt.cause in _ACCIDENTS:
            groups.setdefault(attempt.cause, []).append(attempt)
    found = [
        FailedAttempts(
            cause=cause,
            attempts=len(failed),
            numbers=sorted({attempt.number for attempt in failed}),
            seconds=sum(attempt.seconds for attempt in failed),
        )
        for cause, failed in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.attempts, one.cause))


def _of(reason: str, trials: Sequence[TrialRecord], saved: Iterable[Saving]) -> Failures:
    mine = [saving for saving in saved if saving.reason == reason]
    return Failures(
        reason=reason,
        trials=trials,
        steps_saved=sum(saving.steps for saving in mine),
        seconds_saved=sum(saving.seconds for saving in mine),
    )
