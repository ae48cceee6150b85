"""Turns at asking: of the controllers of one study, one at a time asks for a new trial.

Else two of them would ask for the last trial, and a third would take a trial that is half asked
for as one that a dead controller left.
"""

from collections.abc import Collection

from sqlalchemy import or_, update

from storage.database import Database
from storage.tables import StudyRow


class Turns:
    """The turns of the studies in ``database``: compare-and-set, on any kind of database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, study: str, controller_id: str, gone: Collection[str] = ()) -> bool:
        """Take the turn; ``False`` while another controller, none of ``gone``, has it."""
        free = or_(
            StudyRow.asking.is_(None),
            StudyRow.asking == controller_id,
            StudyRow.asking.in_(list(gone)),
        )
        statement = update(StudyRow).where(StudyRow.name == study, free)
        return self._database.execute(statement.values(asking=controller_id)) == 1

    def release(self, study: str, controller_id: str) -> None:
        """Give the turn back, where it is still one's own."""
        mine = (StudyRow.name == study, StudyRow.asking == controller_id)
        self._database.execute(update(StudyRow).where(*mine).values(asking=None))
