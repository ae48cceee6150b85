"""What handlers work with: everything of the bot that outlives one update."""

import logging
from dataclasses import dataclass

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery

from smart_tuner.bot.asking import Asker
from smart_tuner.bot.background import Background
from smart_tuner.bot.delivery import Delivery
from smart_tuner.bot.documents import Documents
from smart_tuner.bot.live import LiveBoard
from smart_tuner.bot.reader import Reader
from storage.bot_chats import BotChats

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Desk:
    """Handed to every handler as ``desk``."""

    reader: Reader
    chats: BotChats
    live: LiveBoard
    delivery: Delivery
    asker: Asker
    documents: Documents
    background: Background


def chat_of(query: CallbackQuery) -> int:
    """The chat in which a button was pressed; messages of our own always have one."""
    assert query.message is not None
    return query.message.chat.id


async def acknowledge(
    query: CallbackQuery, text: str | None = None, *, alert: bool = False
) -> None:
    """End the waiting of whoever pressed a button; one pressed long ago is obeyed all the same."""
    try:
        await query.answer(text, show_alert=alert)
    except TelegramBadRequest as error:
        logger.info("a button was pressed long ago: %s", error.message)
