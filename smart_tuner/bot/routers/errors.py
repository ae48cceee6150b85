"""The one place where errors of handlers end."""

import logging

from aiogram import Bot, Router
from aiogram.exceptions import AiogramError
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import Chat, ErrorEvent

from smart_tuner.bot.language import ENGLISH, Words, words
from smart_tuner.bot.reader import NoSuchStudyError
from smart_tuner.bot.texts.answers import no_such_study
from storage.errors import StorageError

logger = logging.getLogger(__name__)


async def unknown_study(event: ErrorEvent, bot: Bot, event_chat: Chat, t: Words) -> None:
    """Say which studies there are."""
    assert isinstance(event.exception, NoSuchStudyError)
    text = no_such_study(event.exception.name, event.exception.known, t)
    await bot.send_message(event_chat.id, text)


async def database_away(
    event: ErrorEvent, bot: Bot, event_chat: Chat, t: Words | None = None
) -> None:
    """Say so; what is wrong stands in the log. Which language to say it in is not always known."""
    t = t or words(ENGLISH)
    logger.error("update %s: %s", event.update.update_id, event.exception)
    await bot.send_message(event_chat.id, t("The database can't be read now. Try again later."))


async def telegram_failed(event: ErrorEvent) -> None:
    """Nothing more can be said there."""
    logger.warning("update %s: %s", event.update.update_id, event.exception)


async def bug(event: ErrorEvent, bot: Bot, event_chat: Chat, t: Words | None = None) -> None:
    """Say that something is wrong; the traceback stands in the log."""
    t = t or words(ENGLISH)
    logger.error("update %s failed", event.update.update_id, exc_info=event.exception)
    await bot.send_message(event_chat.id, t("Something went wrong; the bot's log says more."))


def setup() -> Router:
    """The router."""
    router = Router(name="errors")
    router.errors.register(unknown_study, ExceptionTypeFilter(NoSuchStudyError))
    router.errors.register(database_away, ExceptionTypeFilter(StorageError))
    router.errors.register(telegram_failed, ExceptionTypeFilter(AiogramError))
    router.errors.register(bug)
    return router
