"""The messages that the bot edits in place: one a study and chat."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import delete, select

from storage.clock import utc_now
from storage.database import Database
from storage.rows import columns
from storage.tables import BotLiveRow


@dataclass(frozen=True, kw_only=True)
class LiveMessage:
    """A message that shows how a study stands, for as long as more may come of it."""

    chat: int
    study: str
    message_id: int
    digest: str
    """Of the text that it has."""
    updated_at: datetime = field(default_factory=utc_now)


class LiveMessages:
    """The live messages in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_all(self) -> list[LiveMessage]:
        """All of them, those that were edited longest ago first."""
        query = select(BotLiveRow).order_by(BotLiveRow.updated_at)
        names = [one.name for one in fields(LiveMessage)]
        with self._database.session() as session:
            rows = session.scalars(query).all()
            return [LiveMessage(**{name: getattr(row, name) for name in names}) for row in rows]

    def save(self, message: LiveMessage) -> None:
        """The message of this study in this chat; another one, if any, is edited no more."""
        with self._database.session() as session:
            session.merge(BotLiveRow(**columns(message)))

    def edited(self, message: LiveMessage) -> None:
        """It has a new text; a no-op where another message has taken its place."""
        with self._database.session() as session:
            row = session.get(BotLiveRow, (message.chat, message.study))
            if row is not None and row.message_id == message.message_id:
                row.digest, row.updated_at = message.digest, utc_now()

    def remove(self, message: LiveMessage) -> None:
        """It is gone, or says all there is to say."""
        with self._database.session() as session:
            session.execute(
                delete(BotLiveRow).where(
                    BotLiveRow.chat == message.chat,
                    BotLiveRow.study == message.study,
                    BotLiveRow.message_id == message.message_id,
                )
            )
