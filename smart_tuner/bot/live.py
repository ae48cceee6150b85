"""The messages that show how a study stands, edited in place."""

import asyncio
import logging
from hashlib import sha256

from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardMarkup

from smart_tuner.bot.access import Access, Role
from smart_tuner.bot.keyboards import status_keyboard
from smart_tuner.bot.language import Words, language_of, words
from smart_tuner.bot.pace import Pace
from smart_tuner.bot.reader import Reader
from smart_tuner.bot.texts.status import status_text
from storage.bot_chats import BotChats
from storage.bot_live import LiveMessage, LiveMessages
from storage.errors import StudyNotFoundError
from storage.records import StudyState, StudyStatus

logger = logging.getLogger(__name__)
_NOT_MODIFIED = "not modified"


class LiveBoard:
    """One message a study and chat, edited when its text changes, as often as Telegram allows.

    Args:
        bot: who edits.
        reader: of the studies.
        access: which buttons a chat gets.
    """

    def __init__(self, bot: Bot, reader: Reader, access: Access) -> None:
        self._bot, self._reader, self._access = bot, reader, access
        self._messages = LiveMessages(reader.database)
        self._chats = BotChats(reader.database)
        self._pace = Pace()

    async def show(self, chat: int, study: str, t: Words) -> None:
        """Send the message anew; the one before it, if any, is edited no more."""
        status = await asyncio.to_thread(self._reader.status, study)
        settings = await asyncio.to_thread(self._chats.get, chat)
        text, keyboard = _content(status, self._access.role_in(settings), t)
        sent = await self._bot.send_message(chat, text, reply_markup=keyboard)
        self._pace.used(chat)
        live = LiveMessage(
            chat=chat, study=study, message_id=sent.message_id, digest=_digest(text, keyboard)
        )
        await asyncio.to_thread(self._messages.save, live)

    async def refresh(self) -> None:
        """Edit those messages whose text has changed and whose chat may get something now.

        Raises:
            TelegramNetworkError: Telegram can't be reached (as other errors of its side).
        """
        for live in await asyncio.to_thread(self._messages.list_all):
            if self._pace.allows(live.chat):
                await self._refresh(live)

    async def _refresh(self, live: LiveMessage) -> None:
        settings = await asyncio.to_thread(self._chats.get, live.chat)
        role = self._access.role_in(settings)
        if role is None:
            await asyncio.to_thread(self._messages.remove, live)
            return
        try:
            status = await asyncio.to_thread(self._reader.status, live.study)
        except StudyNotFoundError:  # deleted since; and its messages with it
            return
        text, keyboard = _content(status, role, words(language_of(settings)))
        if _digest(text, keyboard) != live.digest:
            await self._edit(live, text, keyboard, is_last=status.state is StudyState.FINISHED)

    async def _edit(
        self, live: LiveMessage, text: str, keyboard: InlineKeyboardMarkup, *, is_last: bool
    ) -> None:
        self._pace.used(live.chat)
        try:
            await self._bot.edit_message_text(
                text, chat_id=live.chat, message_id=live.message_id, reply_markup=keyboard
            )
        except TelegramRetryAfter as error:
            self._pace.wait(live.chat, error.retry_after)
            return
        except (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound) as error:
            if _NOT_MODIFIED not in error.message:
                logger.info("message %s of chat %s is edited no more: %s",
                            live.message_id, live.chat, error.message)  # fmt: skip
                await asyncio.to_thread(self._messages.remove, live)
                return
        if is_last:
            await asyncio.to_thread(self._messages.remove, live)
            return
        edited = LiveMessage(
            chat=live.chat,
            study=live.study,
            message_id=live.message_id,
            digest=_digest(text, keyboard),
        )
        await asyncio.to_thread(self._messages.edited, edited)


def _content(status: StudyStatus, role: Role | None, t: Words) -> tuple[str, InlineKeyboardMarkup]:
    return status_text(status, t), status_keyboard(status, role or Role.VIEWER, t)


def _digest(text: str, keyboard: InlineKeyboardMarkup) -> str:
    return sha256((text + keyboard.model_dump_json()).encode()).hexdigest()
