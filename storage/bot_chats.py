"""What the chats of the bot have chosen: language, which alerts, when they want quiet."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import select

from storage.database import Database
from storage.tables import BotChatRow

ALL = "info"
"""The severity of a chat that wants every alert."""


@dataclass(frozen=True, kw_only=True)
class BotChat:
    """A chat: a person's, or a group's."""

    chat: int
    """Telegram's id; those of groups are negative."""
    person: int | None = None
    """Who speaks in it, where that is one alone; ``None``: not known, or a group."""
    language: str | None = None
    """As chosen: ``ru`` or ``en``; ``None``: that of the client."""
    client_language: str | None = None
    """As the client of the last person that spoke here says it."""
    severity: str = ALL
    """The least that is told: ``info``, ``warning`` or ``critical``."""
    muted_until: datetime | None = None
    """Before it no alert is made for this chat."""
    quiet: str | None = None
    """Hours in which alerts make no sound, such as ``23:00-08:00``."""
    time_zone: str | None = None
    """Whose hours these are, such as ``Europe/Moscow``; ``None``: the machine's."""
    report_every: int | None = None
    """Steps of a trial between two reports; ``None``: only when asked."""
    study: str | None = None
    """What is meant where no study is named."""


class BotChatFields(TypedDict, total=False):
    """What of a chat may change."""

    person: int | None
    language: str | None
    client_language: str | None
    severity: str
    muted_until: datetime | None
    quiet: str | None
    time_zone: str | None
    report_every: int | None
    study: str | None


class BotChats:
    """The chats in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, chat: int) -> BotChat:
        """What ``chat`` has chosen; the defaults where it has chosen nothing."""
        with self._database.session() as session:
            row = session.get(BotChatRow, chat)
            return BotChat(chat=chat) if row is None else _record(row)

    def list_all(self) -> list[BotChat]:
        """Every chat in which somebody has spoken, by id."""
        with self._database.session() as session:
            rows = session.scalars(select(BotChatRow).order_by(BotChatRow.chat))
            return [_record(row) for row in rows]

    def update(self, chat: int, **changes: Unpack[BotChatFields]) -> BotChat:
        """Change what ``chat`` has chosen; as it is then."""
        with self._database.session() as session:
            row = session.get(BotChatRow, chat)
            if row is None:
                row = BotChatRow(chat=chat, severity=ALL)
                session.add(row)
            for name, value in changes.items():
                setattr(row, name, value)
            session.flush()
            return _record(row)


def _record(row: BotChatRow) -> BotChat:
    return BotChat(**{field.name: getattr(row, field.name) for field in fields(BotChat)})
