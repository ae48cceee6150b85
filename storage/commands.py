"""Wishes of bots and dashboards: they write one, the controller reads and answers it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from storage.clock import utc_now
from storage.database import Database
from storage.records import CommandRecord, CommandState
from storage.rows import command_record
from storage.tables import CommandRow


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
        number: int | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> CommandRecord:
        """Ask the controller of ``study`` for something."""
        row = CommandRow(
            study=study,
            number=number,
            kind=kind,
            arguments=dict(arguments or {}),
            requested_by=requested_by,
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
