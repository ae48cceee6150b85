"""The best trials of a study, with one objective or several."""

from typing import NamedTuple

from smart_tuner.cli.database import OpenStudy
from storage.records import TrialRecord
from storage.trials import Trials


class Ranking(NamedTuple):
    """The best trial and, with several objectives, all that no other one beats."""

    best: TrialRecord
    front: tuple[TrialRecord, ...]
    """Empty with a single objective."""


def ranking(study: OpenStudy) -> Ranking | None:
    """``None`` before the first complete trial; of a front, the best by the first objective."""
    name, trials = study.record.name, Trials(study.database)
    directions = directions_of(study)
    if len(directions) == 1:
        best = trials.best(name, directions[0])
        return None if best is None else Ranking(best, ())
    front = trials.pareto_front(name, directions)
    if not front:
        return None
    choose = max if directions[0] == "maximize" else min
    return Ranking(choose(front, key=_first_value), tuple(front))


def _first_value(trial: TrialRecord) -> float:
    assert trial.values is not None  # else it is on no front
    return trial.values[0]


def directions_of(study: OpenStudy) -> tuple[str, ...]:
    """``maximize`` or ``minimize``, of every objective."""
    direction = study.record.identity.get("direction", "maximize")
    return (direction,) if isinstance(direction, str) else tuple(direction)
