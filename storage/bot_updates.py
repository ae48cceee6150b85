"""The updates that the bot has handled: one that Telegram brings again is not handled again."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete

from storage.clock import utc_now
from storage.database import Database
from storage.tables import BotUpdateRow

_KEPT = timedelta(days=2)
"""Telegram keeps what nobody has fetched for one."""


class HandledUpdates:
    """The handled updates in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holds(self, update: str) -> bool:
        """Whether an update, given as a text that is its own, was handled."""
        with self._database.session() as session:
            return session.get(BotUpdateRow, _digest(update)) is not None

    def add(self, update: str) -> None:
        """An update was handled; those of long ago are forgotten."""
        old = delete(BotUpdateRow).where(BotUpdateRow.handled_at < utc_now() - _KEPT)
        with self._database.session() as session:
            session.execute(old)
            session.merge(BotUpdateRow(digest=_digest(update), handled_at=utc_now()))


def _digest(update: str) -> str:
    return sha256(update.encode()).hexdigest()
