"""How far the bot has read each study: what it has told of it, it does not tell again."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import func, select

from storage.database import Database
from storage.tables import BotWatchRow, EventRow, TrialRow
from storage.trials import best_query


@dataclass(frozen=True, kw_only=True)
class BotWatch:
    """One study, as far as it was read."""

    study: str
    event_id: int = 0
    """The last event that was read."""
    state: str | None = None
    """The study's state when it was last read."""
    best_number: int | None = None
    best_value: float | None = None


class BotWatches:
    """The watches in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, study: str) -> BotWatch | None:
        """How far ``study`` was read; ``None`` before the first time."""
        with self._database.session() as session:
            row = session.get(BotWatchRow, study)
            if row is None:
                return None
            return BotWatch(**{field.name: getattr(row, field.name) for field in fields(BotWatch)})

    def save(self, watch: BotWatch) -> None:
        """Keep how far a study was read."""
        values = {field.name: getattr(watch, field.name) for field in fields(watch)}
        with self._database.session() as session:
            session.merge(BotWatchRow(**values))

    def beginning(self, study: str, direction: str, since: datetime) -> BotWatch:
        """Where to begin with a study that was never read: what came before ``since`` is old."""
        old = select(func.max(EventRow.id)).where(EventRow.study == study, EventRow.at < since)
        best = best_query(study, direction).where(TrialRow.ended_at < since)
        with self._database.session() as session:
            trial = session.scalars(best).first()
            return BotWatch(
                study=study,
                event_id=session.scalar(old) or 0,
                best_number=trial.number if trial else None,
                best_value=trial.value if trial else None,
            )
