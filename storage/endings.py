"""How the trials of a study ended, and what each has cost, by SQL: no trial is loaded whole."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from storage.database import Database
from storage.records import TrialRole, TrialState
from storage.tables import AttemptRow, TrialRow


class Ending(NamedTuple):
    """A trial: how far it came, and how it ended, if it has."""

    number: int
    role: TrialRole
    state: TrialState
    reason: str | None
    value: float | None
    values: tuple[float, ...] | None
    """One an objective, in a study of several."""
    step: int | None
    ended_at: datetime | None


class TrialCost(NamedTuple):
    """What the attempts of a trial have taken, the repeated steps among it."""

    steps: int = 0
    seconds: float = 0.0
    """Of its trainers, times their GPUs (a trainer without one counts 1)."""
    attempts: int = 0

    def after(
        self, first: int | None, last: int | None, began: datetime, seen: datetime,
        ended: datetime | None, gpus: int,
    ) -> "TrialCost":  # fmt: skip
        """With one attempt more."""
        steps = 0 if first is None or last is None else max(0, last - first)
        seconds = max(0.0, ((ended or seen) - began).total_seconds()) * max(1, gpus)
        return TrialCost(self.steps + steps, self.seconds + seconds, self.attempts + 1)


class Tried(NamedTuple):
    """What a complete trial tried, and what came of it."""

    params: Mapping[str, Any]
    values: tuple[float, ...]
    """One an objective."""


def endings(database: Database, study: str) -> list[Ending]:
    """Every trial of ``study``, by number."""
    columns = [getattr(TrialRow, name) for name in Ending._fields]
    query = select(*columns).where(TrialRow.study == study).order_by(TrialRow.number)
    with database.session() as session:
        found = [Ending(*row) for row in session.execute(query)]
    return [one if one.values is None else one._replace(values=tuple(one.values)) for one in found]


def trial_costs(database: Database, study: str) -> dict[int, TrialCost]:
    """What each trial of ``study`` has cost so far, by number; one that never ran has no entry.

    Trials of versions that knew no attempts count as one attempt, from the first step on.
    """
    with database.session() as session:
        without_attempts = session.execute(_trials_query(study)).all()
        attempts = session.execute(_attempts_query(study)).all()
    costs: defaultdict[int, TrialCost] = defaultdict(TrialCost)
    for row in attempts:
        costs[row.number] = costs[row.number].after(*row[1:])
    for number, step, started_at, ended_at in without_attempts:
        if number not in costs:
            costs[number] = TrialCost().after(0, step, started_at, ended_at, None, 0)
    return dict(costs)


def _trials_query(study: str) -> Select[Any, Any, Any, Any]:
    """Those that have ended."""
    row = TrialRow
    return select(row.number, row.step, row.started_at, row.ended_at).where(
        row.study == study, row.started_at.is_not(None), row.ended_at.is_not(None)
    )


def _attempts_query(study: str) -> Select[Any, Any, Any, Any, Any, Any, Any]:
    row = AttemptRow
    return select(
        row.number, row.first_step, row.last_step, row.began_at, row.seen_at, row.ended_at, row.gpus
    ).where(row.study == study)


def tried(database: Database, study: str) -> list[Tried]:
    """The complete trials of ``study`` that were drawn from its space and have a value."""
    query = select(TrialRow.params, TrialRow.value, TrialRow.values).where(
        TrialRow.study == study,
        TrialRow.role == TrialRole.TRIAL,
        TrialRow.state == TrialState.COMPLETE,
        TrialRow.value.is_not(None),
    )
    with database.session() as session:
        rows = session.execute(query.order_by(TrialRow.number)).all()
    return [Tried(params, tuple(values or (value,))) for params, value, values in rows]
