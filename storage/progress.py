"""How far running trials are: one row a trial, overwritten."""

from sqlalchemy import delete, select

from storage.database import Database
from storage.records import ProgressRecord
from storage.rows import columns, progress_record
from storage.tables import ProgressRow


class Progress:
    """The progress in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert(self, *records: ProgressRecord) -> None:
        """Store the newest progress of one or several trials (their controller alone does)."""
        with self._database.session() as session:
            for record in records:
                session.merge(ProgressRow(**columns(record)))

    def list_of(self, study: str) -> list[ProgressRecord]:
        """The progress of the trials of ``study`` by number."""
        query = select(ProgressRow).where(ProgressRow.study == study).order_by(ProgressRow.number)
        with self._database.session() as session:
            return [progress_record(row) for row in session.scalars(query)]

    def clear(self, study: str, number: int | None = None) -> None:
        """Forget the progress of one trial, or of all of ``study``."""
        statement = delete(ProgressRow).where(ProgressRow.study == study)
        if number is not None:
            statement = statement.where(ProgressRow.number == number)
        with self._database.session() as session:
            session.execute(statement)
