"""The controllers of a study: who runs it, and that they live."""

from datetime import datetime

from sqlalchemy import select, update

from storage.clock import utc_now
from storage.controller_process import is_gone
from storage.database import Database
from storage.records import ControllerRecord
from storage.rows import columns, controller_record
from storage.tables import ControllerRow


class Controllers:
    """The controllers in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, controller: ControllerRecord) -> ControllerRecord:
        """A controller begins to run its study."""
        with self._database.session() as session:
            session.add(ControllerRow(**columns(controller)))
        return controller

    def beat(self, controller_id: str, eta_seconds: float | None, slots: int) -> bool:
        """Say that the controller lives; ``False`` where its study was deleted.

        One that was taken for dead, and had only been asleep, is present again.
        """
        return self._update(
            controller_id,
            heartbeat_at=utc_now(),
            eta_seconds=eta_seconds,
            slots=slots,
            left_at=None,
        )

    def leave(self, controller_id: str) -> None:
        """The controller leaves; it owns no trial any more."""
        self._update(controller_id, left_at=utc_now(), eta_seconds=None)

    def get(self, controller_id: str) -> ControllerRecord | None:
        """A controller; ``None`` if there is none."""
        with self._database.session() as session:
            row = session.get(ControllerRow, controller_id)
            return None if row is None else controller_record(row)

    def list_of(self, study: str) -> list[ControllerRecord]:
        """The controllers of ``study`` that have not said that they leave, oldest first."""
        query = select(ControllerRow).where(
            ControllerRow.study == study, ControllerRow.left_at.is_(None)
        )
        with self._database.session() as session:
            rows = session.scalars(query.order_by(ControllerRow.entered_at))
            return [controller_record(row) for row in rows]

    def live(self, study: str, now: datetime | None = None) -> list[ControllerRecord]:
        """Those of them that show signs of life."""
        return [one for one in self.list_of(study) if not is_gone(one, now or utc_now())]

    def _update(self, controller_id: str, **fields: object) -> bool:
        statement = update(ControllerRow).where(ControllerRow.id == controller_id)
        return self._database.execute(statement.values(**fields)) == 1
