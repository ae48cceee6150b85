"""Which trials are best when there are several objectives."""

import math
from collections.abc import Sequence

from storage.records import TrialRecord


def pareto_front(trials: Sequence[TrialRecord], directions: Sequence[str]) -> list[TrialRecord]:
    """The trials that no other one dominates, in the order given.

    One trial dominates another if it is at least as good in every objective and better in one.
    Trials without a finite value for every objective are left out.

    Args:
        trials: their ``values`` hold one value an objective.
        directions: ``maximize`` or ``minimize`` for every objective.
    """
    costs = [(trial, _costs(trial, directions)) for trial in trials]
    ranked = [(trial, cost) for trial, cost in costs if cost is not None]
    return [
        trial for trial, cost in ranked if not any(_dominates(other, cost) for _, other in ranked)
    ]


def _costs(trial: TrialRecord, directions: Sequence[str]) -> tuple[float, ...] | None:
    """The values with their signs turned so that less is better."""
    values = trial.values or ()
    if len(values) != len(directions) or not all(map(math.isfinite, values)):
        return None
    signs = (-1.0 if direction == "maximize" else 1.0 for direction in directions)
    return tuple(sign * value for sign, value in zip(signs, values, strict=True))


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
