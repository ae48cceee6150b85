"""What a budget of trainer hours is spent on: pure functions of what was spent."""

from collections.abc import Iterable
from enum import StrEnum

from storage.records import AttemptRecord


class Phase(StrEnum):
    """What the hours go to now."""

    SEARCH = "search"
    FINISH = "finish"
    """Going on with the best trial."""
    SPENT = "spent"


def phase_of(
    used_seconds: float, budget_seconds: float | None, finish: float, *, searching: bool
) -> Phase:
    """The phase of a study.

    Args:
        used_seconds: of trainers, times their GPUs, over all attempts.
        budget_seconds: how many there are; ``None``: without end.
        finish: the share of them that is for the best trial alone.
        searching: whether there is something left to search: else the finish begins early.
    """
    if budget_seconds is None:
        return Phase.SEARCH
    if used_seconds >= budget_seconds:
        return Phase.SPENT
    if not finish or (searching and used_seconds < budget_seconds * (1.0 - finish)):
        return Phase.SEARCH
    return Phase.FINISH


def seconds_per_step(attempts: Iterable[AttemptRecord]) -> float | None:
    """What a step of a trial has cost, evaluations and starts among it; ``None``: none was made."""
    seconds, steps = 0.0, 0
    for attempt in attempts:
        seconds += attempt.seconds
        if attempt.first_step is not None and attempt.last_step is not None:
            steps += max(0, attempt.last_step - attempt.first_step)
    return seconds / steps if steps and seconds else None


def finish_steps(done: int, left_seconds: float, step_seconds: float) -> int:
    """The length of the finish: up to the end of the budget, and at least one step more."""
    return done + max(1, int(left_seconds / step_seconds))
