"""How a study stands, from its controllers and its trials: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from storage.assessment import Assessment
from storage.levels import Level

CONTROLLER_LOST = "controller_lost"
SAME_FAILURE = "same_failure_in_a_row"
FAILURES_IN_A_ROW = 3
"""So many trials that end alike are no accident of their hyperparameters."""
_IN_ORDER = {"statistical", "stopped"}
"""Reasons that say nothing against a study: its tuner, or its user, at work."""


@dataclass(frozen=True)
class StudyReason:
    """One thing that a study's level is made of."""

    code: str
    """``controller_lost``, ``same_failure_in_a_row``, or a flag of the trial ``number``."""
    level: Level
    number: int | None = None
    cause: str | None = None
    """Of ``same_failure_in_a_row``: which failure."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def assess_study(
    *,
    controller_lost: bool,
    active: Mapping[int, Assessment],
    last_reasons: Sequence[str | None],
) -> tuple[StudyReason, ...]:
    """What makes a study's level (:func:`storage.levels.gravest` of them), the gravest first.

    A trial that has ended says nothing alone: to prune one is the tuner at work.

    Args:
        controller_lost: whether nobody runs the study, though somebody should.
        active: the judgement of each trial that has a trainer, by its number.
        last_reasons: why the last trials ended, the newest first; ``None``: complete.
    """
    found = [
        StudyReason(flag.code, flag.severity, number)
        for number, assessment in sorted(active.items())
        for flag in assessment.flags
    ]
    if controller_lost:
        found.append(StudyReason(CONTROLLER_LOST, Level.CRITICAL))
    failure = _same_failure(last_reasons)
    if failure is not None:
        found.append(StudyReason(SAME_FAILURE, Level.NEEDS_ATTENTION, cause=failure))
    return tuple(sorted(found, key=_gravest_first))


def _gravest_first(reason: StudyReason) -> tuple[int, int]:
    """What concerns the whole study before what concerns one trial."""
    return -reason.level.gravity, -1 if reason.number is None else reason.number


def _same_failure(last_reasons: Sequence[str | None]) -> str | None:
    last = last_reasons[:FAILURES_IN_A_ROW]
    alike = len(last) == FAILURES_IN_A_ROW and len(set(last)) == 1
    return last[0] if alike and last[0] not in _IN_ORDER else None
