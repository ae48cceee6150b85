"""The studies of a database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import utc_now
from storage.controller_process import ControllerProcess, is_lost
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
    eta_seconds: float | None
    controller_host: str | None
    controller_pid: int | None
    controller_started_at: float | None
    heartbeat_at: datetime | None


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

    def heartbeat(
        self, name: str, eta_seconds: float | None, host: str, pid: int, started_at: float
    ) -> None:
        """Say that the controller lives (``*this_process()``), and how long it will still take.

        Raises:
            StudyNotFoundError: there is no such study (any more).
        """
        self.update(
            name,
            eta_seconds=eta_seconds,
            controller_host=host,
            controller_pid=pid,
            controller_started_at=started_at,
            heartbeat_at=utc_now(),
        )

    def claim(self, name: str, process: ControllerProcess) -> bool:
        """Make ``process`` the study's controller and the study ``running``.

        Returns:
            ``False`` where another controller runs it, or claimed it at the same moment.

        Raises:
            StudyNotFoundError: there is no such study.
        """
        study = self.get(name)
        if study is None:
            raise self.not_found(name)
        mine = (study.controller_host, study.controller_pid) == (process.host, process.pid)
        active = study.state in (StudyState.RUNNING, StudyState.PAUSED)
        held = active and study.heartbeat_at is not None and not mine
        if held and not is_lost(study, utc_now()):
            return False
        return self._take_over(study, process)

    def _take_over(self, study: StudyRecord, process: ControllerProcess) -> bool:
        """Only if the last heartbeat is still the one that was judged."""
        statement = (
            update(StudyRow)
            .where(StudyRow.name == study.name, StudyRow.heartbeat_at == study.heartbeat_at)
            .values(
                state=StudyState.RUNNING,
                controller_host=process.host,
                controller_pid=process.pid,
                controller_started_at=process.started_at,
                heartbeat_at=utc_now(),
                updated_at=utc_now(),
            )
        )
        return self._database.execute(statement) == 1

    def not_found(self, name: str) -> StudyNotFoundError:
        """The error that says which studies there are instead."""
        names = ", ".join(f"'{study.name}'" for study in self.list_all()) or "none yet"
        return StudyNotFoundError(
            f"{self._database.safe_url}: no study called '{name}'; there are: {names}"
        )
