"""Trials and attempts in outline: what is compared and counted, without what takes long to load."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import select

from storage.database import Database
from storage.records import TrialRole, TrialState
from storage.tables import AttemptRow, ProgressRow, TrialRow


class TrialOutline(NamedTuple):
    """A trial: where it stands, whose it is, what it came to."""

    number: int
    role: TrialRole
    state: TrialState
    value: float | None = None
    values: tuple[float, ...] | None = None
    """One an objective, in a study of several."""
    controller: str | None = None
    run_dir: str | None = None
    checkpoint: str | None = None


class AttemptOutline(NamedTuple):
    """An attempt: which process it was, and whether its end was seen."""

    attempt: int
    host: str
    pid: int | None = None
    events_offset: int = 0
    """Bytes of ``events.jsonl`` that are of earlier attempts."""
    is_open: bool = False
    """Nobody has seen its end."""


def trial_outlines(database: Database, study: str) -> dict[int, TrialOutline]:
    """The trials of ``study`` by number."""
    columns = [getattr(TrialRow, name) for name in TrialOutline._fields]
    query = select(*columns).where(TrialRow.study == study).order_by(TrialRow.number)
    with database.session() as session:
        outlines = (TrialOutline(*row) for row in session.execute(query))
        return {one.number: one._replace(values=_frozen(one.values)) for one in outlines}


def attempt_outlines(database: Database, study: str) -> dict[int, list[AttemptOutline]]:
    """The attempts of each trial of ``study`` in their order, by the trial's number."""
    query = select(
        AttemptRow.number,
        AttemptRow.attempt,
        AttemptRow.host,
        AttemptRow.pid,
        AttemptRow.events_offset,
        AttemptRow.ended_at.is_(None),
    ).where(AttemptRow.study == study)
    outlines: defaultdict[int, list[AttemptOutline]] = defaultdict(list)
    with database.session() as session:
        for row in session.execute(query.order_by(AttemptRow.attempt)):
            outlines[row[0]].append(AttemptOutline(*row[1:5], is_open=bool(row[5])))
    return dict(outlines)


def numbers_with_progress(database: Database, study: str) -> frozenset[int]:
    """The trials of ``study`` that have a row of progress."""
    query = select(ProgressRow.number).where(ProgressRow.study == study)
    with database.session() as session:
        return frozenset(session.scalars(query))


def _frozen(values: list[float] | tuple[float, ...] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values)
