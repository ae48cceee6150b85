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
    front = set(front_of([trial.values for trial in trials], directions))
    return [trial for place, trial in enumerate(trials) if place in front]


def front_of(values: Sequence[Sequence[float] | None], directions: Sequence[str]) -> list[int]:
    """The places in ``values`` that belong to the front, ascending; as :func:`pareto_front`."""
    costs = [(_costs(one, directions), place) for place, one in enumerate(values)]
    front: list[tuple[float, ...]] = []
    places = []
    # In this order nothing is dominated by what comes after it.
    for cost, place in sorted((cost, place) for cost, place in costs if cost is not None):
        if not any(_dominates(other, cost) for other in front):
            front.append(cost)
            places.append(place)
    return sorted(places)


def _costs(values: Sequence[float] | None, directions: Sequence[str]) -> tuple[float, ...] | None:
    """The values with their signs turned so that less is better."""
    values = values or ()
    if len(values) != len(directions) or not all(map(math.isfinite, values)):
        return None
    signs = (-1.0 if direction == "maximize" else 1.0 for direction in directions)
    return tuple(sign * value for sign, value in zip(signs, values, strict=True))


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
