"""Sends what lies in the outbox: each alert once, however often Telegram or the bot is away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
)

from smart_tuner.bot.access import Access
from smart_tuner.bot.client import before_sending, was_taken
from smart_tuner.bot.delivery import Delivery
from smart_tuner.bot.language import language_of, words
from smart_tuner.bot.quiet import is_quiet
from storage.bot_chats import BotChat, BotChats
from storage.bot_outbox import BotMessage, Outbox
from storage.clock import utc_now
from storage.database import Database
from storage.errors import StorageError

logger = logging.getLogger(__name__)
_REFUSALS = (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound)
"""Trying again would not help."""
_LONGEST_BACKOFF_SECONDS = 60.0
_LONGEST_ERROR = 500
_PRIVATE_SECONDS, _GROUP_SECONDS = 0.1, 3.0
"""Between two messages to a chat. Telegram takes short bursts and says with 429 when to slow down;
groups, with negative ids, get 20 messages a minute."""


class _TakenError(Exception):
    """Another bot sends the message."""


class Sender:
    """Takes messages from the outbox one after another.

    A message is marked when its first byte is about to go, and when Telegram has taken it. A bot
    that is killed in between can't know whether it arrived, and sends it once more: that is the one
    way in which an alert comes twice, besides a connection that breaks after Telegram has taken it.

    Args:
        database: where the outbox is.
        delivery: brings a message to its chat.
        access: which chats may still be told.
    """

    def __init__(self, database: Database, delivery: Delivery, access: Access) -> None:
        self._outbox, self._chats = Outbox(database), BotChats(database)
        self._delivery, self._access = delivery, access
        self._next: dict[int, float] = {}
        self._failures = 0
        self._unwritten: list[Callable[[], None]] = []
        self._sending = asyncio.Lock()

    async def close(self) -> None:
        """Return once the message that is being sent has arrived; nothing is sent after it."""
        await self._sending.acquire()

    async def take_up(self) -> None:
        """See to what a bot that was killed has left."""
        left = await asyncio.to_thread(self._outbox.take_up)
        if left:
            logger.warning("%d alerts were being sent when the bot was killed: sent again", left)

    async def send_due(self) -> float:
        """Send what is due and may go now.

        Returns:
            Seconds to wait before Telegram is asked again: 0 unless it can't be reached.

        Raises:
            StorageError: the database can't be read or written now.
        """
        await self._write()
        for message in await asyncio.to_thread(self._outbox.due):
            if time.monotonic() < self._next.get(message.chat, 0.0):
                continue
            async with self._sending:
                reached = await self._send(message)
            if not reached:
                return self._back_off()
        return 0.0

    async def _send(self, message: BotMessage) -> bool:
        """Whether Telegram could be reached."""
        settings = await asyncio.to_thread(self._chats.get, message.chat)
        if self._access.role_in(settings) is None:
            await self._note(self._outbox.refuse, message, "the chat is not allowed")
            return True
        try:
            sent = await self._deliver(message, settings)
        except _TakenError:
            return True
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug with one must not hold up all others
            return await self._failed(message, error)
        self._next[message.chat] = time.monotonic() + (
            _GROUP_SECONDS if message.chat < 0 else _PRIVATE_SECONDS
        )
        self._failures = 0
        await self._note(self._outbox.sent, message, sent)
        return True

    async def _deliver(self, message: BotMessage, settings: BotChat) -> int | None:
        before_sending.set(self._mark(message))
        silent = is_quiet(settings.quiet, settings.time_zone, utc_now())
        return await self._delivery.deliver(message, words(language_of(settings)), silent=silent)

    async def _failed(self, message: BotMessage, error: Exception) -> bool:
        """Whether Telegram could be reached all the same."""
        text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        if was_taken(error):
            await self._note(self._outbox.sent, message, None)
        elif isinstance(error, TelegramRetryAfter):
            self._next[message.chat] = time.monotonic() + error.retry_after
            await self._postpone(message, error.retry_after, text)
        elif isinstance(error, AiogramError) and not isinstance(error, _REFUSALS):
            await self._postpone(message, _backoff_seconds(message.attempts), text)
            return False  # no network, 5xx, or an answer that is none
        else:
            is_bug = not isinstance(error, AiogramError)
            logger.warning("alert for chat %s refused: %s", message.chat, text, exc_info=is_bug)
            await self._note(self._outbox.refuse, message, text)
        return True

    async def _postpone(self, message: BotMessage, seconds: float, text: str) -> None:
        logger.warning("alert for chat %s not sent yet: %s", message.chat, text)
        due = utc_now() + timedelta(seconds=seconds)
        await self._note(self._outbox.postpone, message, due, text)

    async def _note(self, write: Callable[..., None], *arguments: object) -> None:
        """Write what came of a message; what a database that is away can't take, later."""
        self._unwritten.append(partial(write, *arguments))
        await self._write()

    async def _write(self) -> None:
        while self._unwritten:
            await asyncio.to_thread(self._unwritten[0])
            del self._unwritten[0]

    def _mark(self, message: BotMessage) -> Callable[[], Awaitable[None]]:
        """Keeps that the message may arrive from now on: once, though it may take two requests."""
        begun = False

        async def mark() -> None:
            nonlocal begun
            if not begun:
                begun = await asyncio.to_thread(self._outbox.begin, message)
                if not begun:
                    raise _TakenError

        return mark

    def _back_off(self) -> float:
        self._failures += 1
        return _backoff_seconds(self._failures - 1)


def _backoff_seconds(failures: int) -> float:
    """0.5 s after the first failure, then twice as long each time."""
    return min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2.0 ** min(failures, 10))
