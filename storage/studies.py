"""The studies of a database."""

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import utc_now
from storage.database import Database
from storage.errors import StudyExistsError, StudyNotFoundError
from storage.records import StudyRecord, StudyState
from storage.rows import columns, study_record
from storage.tables import StudyRow


class StudyFields(TypedDict, total=False):
    """What of a study may change."""

    state: StudyState
    identity: Mapping[str, Any]
    config: Mapping[str, Any]
    trials_target: int | None
    settings: Mapping[str, Any]


class Studies:
    """The studies of ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, study: StudyRecord) -> StudyRecord:
        """Store a new study.

        Raises:
            StudyExistsError: the name is taken.
        """
        try:
            with self._database.session() as session:
                session.add(StudyRow(**columns(study)))
        except IntegrityError as error:
            raise StudyExistsError(
                f"{self._database.safe_url}: study '{study.name}' exists already:"
                " choose another name with --name"
            ) from error
        return study

    def get(self, name: str) -> StudyRecord | None:
        """The study called ``name``; ``None`` if there is none."""
        with self._database.session() as session:
            row = session.get(StudyRow, name)
            return None if row is None else study_record(row)

    def list_all(self) -> list[StudyRecord]:
        """All studies, oldest first."""
        query = select(StudyRow).order_by(StudyRow.created_at, StudyRow.name)
        with self._database.session() as session:
            return [study_record(row) for row in session.scalars(query)]

    def update(self, name: str, **fields: Unpack[StudyFields]) -> None:
        """Change some fields of a study.

        Raises:
            StudyNotFoundError: there is no such study.
        """
        statement = update(StudyRow).where(StudyRow.name == name)
        if self._database.execute(statement.values(**fields, updated_at=utc_now())) == 0:
            raise self.not_found(name)

    def set_state(self, name: str, state: StudyState) -> None:
        """Say what the study is doing.

        Raises:
            StudyNotFoundError: there is no such study.
        """
        self.update(name, state=state)

    def change_state(self, name: str, before: StudyState, after: StudyState) -> bool:
        """Compare and set: ``False`` where the study is no longer in the state ``before``."""
        statement = (
            update(StudyRow)
            .where(StudyRow.name == name, StudyRow.state == before)
            .values(state=after, updated_at=utc_now())
        )
        return self._database.execute(statement) == 1

    def not_found(self, name: str) -> StudyNotFoundError:
        """The error that says which studies there are instead."""
        names = ", ".join(f"'{study.name}'" for study in self.list_all()) or "none yet"
        return StudyNotFoundError(
            f"{self._database.safe_url}: no study called '{name}'; there are: {names}"
        )
