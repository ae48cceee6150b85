"""The attempts of trials: every trainer process that worked on one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.records import AttemptRecord
from storage.rows import attempt_record, columns
from storage.tables import AttemptRow

_SECONDS_AN_HOUR = 3600.0


class AttemptFields(TypedDict, total=False):
    """What of an attempt may change."""

    controller: str
    pid: int | None
    process_started_at: float | None
    overrides: Mapping[str, Any]
    first_step: int | None
    last_step: int | None
    checkpoint: str | None
    seen_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    cause: str | None


class Attempts:
    """The attempts in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, attempt: AttemptRecord) -> AttemptRecord:
        """Store a new attempt; its trial must be there."""
        with self._database.session() as session:
            session.add(AttemptRow(**columns(attempt)))
            session.flush()
        return attempt

    def update(
        self, study: str, number: int, attempt: int, **fields: Unpack[AttemptFields]
    ) -> bool:
        """Change some fields; ``False`` where there is no such attempt."""
        here = (
            AttemptRow.study == study, AttemptRow.number == number, AttemptRow.attempt == attempt,
        )  # fmt: skip
        return self._database.execute(update(AttemptRow).where(*here).values(**fields)) == 1

    def list_of(self, study: str, number: int | None = None) -> list[AttemptRecord]:
        """The attempts of ``study``, or of one trial, in their order."""
        query = select(AttemptRow).where(AttemptRow.study == study)
        if number is not None:
            query = query.where(AttemptRow.number == number)
        with self._database.session() as session:
            rows = session.scalars(query.order_by(AttemptRow.number, AttemptRow.attempt))
            return [attempt_record(row) for row in rows]

    def open_of(self, study: str) -> list[AttemptRecord]:
        """The attempts of ``study`` of which nobody has seen the end."""
        query = select(AttemptRow).where(AttemptRow.study == study, AttemptRow.ended_at.is_(None))
        with self._database.session() as session:
            rows = session.scalars(query.order_by(AttemptRow.number, AttemptRow.attempt))
            return [attempt_record(row) for row in rows]

    def newest(self, study: str, number: int) -> AttemptRecord | None:
        """The last attempt of a trial; ``None`` before the first."""
        query = select(AttemptRow).where(AttemptRow.study == study, AttemptRow.number == number)
        with self._database.session() as session:
            row = session.scalars(query.order_by(AttemptRow.attempt.desc()).limit(1)).first()
            return None if row is None else attempt_record(row)

    def trainer_hours(self, study: str) -> float:
        """Hours of all trainers of ``study``, times their GPUs (a trainer without one counts 1).

        What a budget is compared with: also the attempts that failed have cost their time.
        """
        with self._database.session() as session:
            return trainer_hours(session, study)

    def count(self, study: str, number: int, causes: tuple[str, ...]) -> int:
        """How many attempts of a trial ended for one of ``causes``."""
        query = select(func.count()).where(
            AttemptRow.study == study, AttemptRow.number == number, AttemptRow.cause.in_(causes)
        )
        with self._database.session() as session:
            return session.scalar(query) or 0


def trainer_hours(session: Session, study: str) -> float:
    """As :meth:`Attempts.trainer_hours`, in a transaction that is there already."""
    query = select(
        AttemptRow.began_at, AttemptRow.seen_at, AttemptRow.ended_at, AttemptRow.gpus
    ).where(AttemptRow.study == study)
    seconds = sum(
        max(0.0, ((ended or seen) - began).total_seconds()) * max(1, gpus)
        for began, seen, ended, gpus in session.execute(query)
    )
    return seconds / _SECONDS_AN_HOUR
