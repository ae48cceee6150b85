"""The newest event of a kind: one row, of however many there are."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from storage.database import Database
from storage.tables import EventRow


def newest_payload(
    database: Database, study: str, number: int | None, kind: str
) -> Mapping[str, Any] | None:
    """What the newest event of ``kind`` says; ``None``: there is none.

    Args:
        database: where it is kept.
        study: its name.
        number: of the trial that it is about; ``None``: one about the study itself.
        kind: of the event.
    """
    query = select(EventRow.payload).where(
        EventRow.study == study, EventRow.number.is_not_distinct_from(number), EventRow.kind == kind
    )
    with database.session() as session:
        return session.scalar(query.order_by(EventRow.id.desc()).limit(1))
