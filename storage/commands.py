"""Wishes of bots and dashboards: they write one, the controller reads and answers it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from storage.clock import utc_now
from storage.database import Database
from storage.records import CommandRecord, CommandState
from storage.rows import command_record
from storage.tables import CommandRow

EXPIRES_AFTER_SECONDS = 60.0
"""So long a command waits for a controller."""


class Commands:
    """The commands in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(
        self,
        study: str,
        kind: str,
        *,
        requested_by: str,
        source: str,
        number: int | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> CommandRecord:
        """Ask the controllers of ``study`` for something.

        Args:
            study: its name.
            kind: ``pause``, ``resume``, ``stop``, ``prune``, ``set`` or ``enqueue``.
            requested_by: who asks.
            source: from where: ``cli on HOST``, ``telegram``, ``dashboard``.
            number: of the trial that it is about.
            arguments: what else there is to say.
        """
        row = CommandRow(
            study=study,
            number=number,
            kind=kind,
            arguments=dict(arguments or {}),
            requested_by=requested_by,
            source=source,
            requested_at=utc_now(),
            state=CommandState.PENDING,
        )
        with self._database.session() as session:
            session.add(row)
            session.flush()  # gives the id
            return command_record(row)

    def get(self, command_id: int) -> CommandRecord | None:
        """A command, to see its answer; ``None`` if there is none."""
        with self._database.session() as session:
            row = session.get(CommandRow, command_id)
            return None if row is None else command_record(row)

    def pending(self, study: str) -> list[CommandRecord]:
        """The commands of ``study`` that nobody has answered, oldest first."""
        query = select(CommandRow).where(
            CommandRow.study == study, CommandRow.state == CommandState.PENDING
        )
        with self._database.session() as session:
            return [command_record(row) for row in session.scalars(query.order_by(CommandRow.id))]

    def list_of(self, study: str) -> list[CommandRecord]:
        """Every command of ``study``, oldest first: who asked for what, and what came of it."""
        query = select(CommandRow).where(CommandRow.study == study).order_by(CommandRow.id)
        with self._database.session() as session:
            return [command_record(row) for row in session.scalars(query)]

    def expire(self, study: str, now: datetime | None = None) -> list[CommandRecord]:
        """Answer the commands of ``study`` that nobody has obeyed in time; those that it did."""
        since = (now or utc_now()) - timedelta(seconds=EXPIRES_AFTER_SECONDS)
        overdue = [one for one in self.pending(study) if one.requested_at < since]
        answer = (
            f"no controller ran study '{study}' within {EXPIRES_AFTER_SECONDS:g} s of this: "
            "start it with 'smart-tuner start study', then ask again"
        )
        expired = [one for one in overdue if self.answer(one.id, CommandState.EXPIRED, answer)]
        return [one for one in map(self.get, (each.id for each in expired)) if one is not None]

    def answer(self, command_id: int, state: CommandState, answer: str | None = None) -> bool:
        """Answer a pending command.

        Returns:
            ``False`` where it was answered before (that answer stays) or is gone.
        """
        statement = (
            update(CommandRow)
            .where(CommandRow.id == command_id, CommandRow.state == CommandState.PENDING)
            .values(state=state, answer=answer, answered_at=utc_now())
        )
        return self._database.execute(statement) == 1
