"""What happened in a study: evaluations, decisions, changes of state."""

from collections.abc import Iterable

from sqlalchemy import select

from storage.database import Database
from storage.records import EventRecord
from storage.rows import columns, event_record
from storage.tables import EventRow


class Events:
    """The events in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, events: Iterable[EventRecord]) -> None:
        """Store new events, all or none; their ids are given by the database, in this order."""
        with self._database.session() as session:
            session.add_all(EventRow(**columns(event, without=["id"])) for event in events)

    def list_of(
        self,
        study: str,
        number: int | None = None,
        kinds: Iterable[str] | None = None,
        after_id: int = 0,
    ) -> list[EventRecord]:
        """The events of ``study`` in the order of writing.

        Args:
            study: its name.
            number: those of this trial alone.
            kinds: those of these kinds alone.
            after_id: those with a greater id alone, for a reader who has seen the others.
        """
        query = select(EventRow).where(EventRow.study == study, EventRow.id > after_id)
        if number is not None:
            query = query.where(EventRow.number == number)
        if kinds is not None:
            query = query.where(EventRow.kind.in_(list(kinds)))
        with self._database.session() as session:
            return [event_record(row) for row in session.scalars(query.order_by(EventRow.id))]
