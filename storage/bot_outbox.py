"""The bot's outbox: every alert for every chat, from when it is made until it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update

from storage.clock import utc_now
from storage.database import Database
from storage.rows import columns
from storage.tables import BotOutboxRow


class OutboxState(StrEnum):
    """Where a message is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    """It may have arrived: of a bot that is killed now the next one sends it once more."""
    SENT = "sent"
    REFUSED = "refused"
    """Telegram will never take it: the chat has blocked the bot, or is not allowed any more."""


_UNSENT = (OutboxState.PENDING, OutboxState.SENDING)
_INTERRUPTED = "interrupted twice while it was sent; not sent a third time"


@dataclass(frozen=True, kw_only=True)
class BotMessage:
    """An alert for one chat, as facts: it becomes text, in the chat's language, when it is sent."""

    chat: int
    key: str
    """The same for the same alert: a chat has each key once (:func:`key_of`)."""
    study: str
    kind: str
    number: int | None = None
    severity: str = "info"
    payload: Mapping[str, Any] = field(default_factory=dict)
    state: str = OutboxState.PENDING
    attempts: int = 0
    interruptions: int = 0
    """How often a bot was killed while it sent this."""
    created_at: datetime = field(default_factory=utc_now)
    due_at: datetime = field(default_factory=utc_now)
    """Not to be sent before."""
    sent_at: datetime | None = None
    message_id: int | None = None
    """Telegram's, once it is sent."""
    error: str | None = None
    """What the last attempt came to, if it failed."""
    id: int | None = None


def key_of(*parts: object) -> str:
    """What makes an alert itself, as a key of fixed length."""
    return sha256("\x00".join(map(str, parts)).encode()).hexdigest()


class Outbox:
    """The outbox in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, messages: Iterable[BotMessage]) -> int:
        """Put in those that are not in yet; how many these are."""
        added = 0
        with self._database.session() as session:
            for one in messages:
                same = select(BotOutboxRow.id).where(
                    BotOutboxRow.chat == one.chat, BotOutboxRow.key == one.key
                )
                if session.scalar(same) is None:
                    session.add(BotOutboxRow(**columns(one, without=["id"])))
                    session.flush()
                    added += 1
        return added

    def due(self, now: datetime | None = None, limit: int = 50) -> list[BotMessage]:
        """The messages to send now, oldest first."""
        query = select(BotOutboxRow).where(
            BotOutboxRow.state == OutboxState.PENDING, BotOutboxRow.due_at <= (now or utc_now())
        )
        return self._read(query.order_by(BotOutboxRow.id).limit(limit))

    def list_of(self, study: str) -> list[BotMessage]:
        """Every message about ``study``, oldest first."""
        query = select(BotOutboxRow).where(BotOutboxRow.study == study)
        return self._read(query.order_by(BotOutboxRow.id))

    def begin(self, message: BotMessage) -> bool:
        """From now on the message may arrive; ``False`` where another one was quicker."""
        begun = {"state": OutboxState.SENDING, "attempts": message.attempts + 1}
        return self._change(message, [OutboxState.PENDING], **begun)

    def sent(self, message: BotMessage, message_id: int | None) -> None:
        """Telegram has taken it, as ``message_id``; ``None``: there was nothing left to send."""
        done = {"state": OutboxState.SENT, "sent_at": utc_now(), "error": None}
        self._change(message, _UNSENT, **done, message_id=message_id)

    def postpone(self, message: BotMessage, due_at: datetime, error: str) -> None:
        """It could not be sent; to be tried again at ``due_at``."""
        again = {"state": OutboxState.PENDING, "attempts": message.attempts + 1}
        self._change(message, _UNSENT, **again, due_at=due_at, error=error)

    def refuse(self, message: BotMessage, error: str) -> None:
        """Telegram will never take it."""
        self._change(message, _UNSENT, state=OutboxState.REFUSED, error=error)

    def take_up(self) -> int:
        """What a bot that was killed was sending is pending again; how many these are.

        What was interrupted for the second time counts as sent: nobody shall read it thrice.
        """
        sending = update(BotOutboxRow).where(BotOutboxRow.state == OutboxState.SENDING)
        twice = sending.where(BotOutboxRow.interruptions > 0)
        times = BotOutboxRow.interruptions + 1
        with self._database.transaction():
            self._database.execute(
                twice.values(state=OutboxState.SENT, interruptions=times, error=_INTERRUPTED)
            )
            return self._database.execute(
                sending.values(state=OutboxState.PENDING, interruptions=times)
            )

    def _change(self, message: BotMessage, before: Sequence[OutboxState], **values: Any) -> bool:
        statement = update(BotOutboxRow).where(
            BotOutboxRow.id == message.id, BotOutboxRow.state.in_(before)
        )
        return self._database.execute(statement.values(**values)) == 1

    def _read(self, query: Any) -> list[BotMessage]:
        names = [one.name for one in fields(BotMessage)]
        with self._database.session() as session:
            rows = session.scalars(query).all()
            return [BotMessage(**{name: getattr(row, name) for name in names}) for row in rows]
