"""The languages of the bot: gettext catalogues, and which one a chat reads."""

import asyncio
import gettext
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Chat, TelegramObject, User

from storage.bot_chats import BotChat, BotChats
from storage.database import Database

LOCALES = Path(__file__).with_name("locales")
DOMAIN = "bot"
ENGLISH, RUSSIAN = "en", "ru"
NAMES = {ENGLISH: "English", RUSSIAN: "Русский"}
"""Each in its own words."""


class Words:
    """The texts of one language: ``t("Paused")``.

    Args:
        language: one of :data:`NAMES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = gettext.translation(DOMAIN, LOCALES, [language])

    def __call__(self, message: str) -> str:
        """``message`` in this language."""
        return self._catalogue.gettext(message)

    def plural(self, one: str, many: str, n: int) -> str:
        """The form for ``n``, with ``{n}`` filled in."""
        return self._catalogue.ngettext(one, many, n).format(n=n)


@lru_cache
def words(language: str) -> Words:
    """The texts of a language; each catalogue is read once."""
    return Words(language)


def language_of(chat: BotChat) -> str:
    """What a chat has chosen; else the language of its client, if it is one of ours."""
    wanted = chat.language or (chat.client_language or "").partition("-")[0].lower()
    return wanted if wanted in NAMES else ENGLISH


class LanguageMiddleware(BaseMiddleware):
    """Gives handlers ``settings`` of the chat and ``t``, the texts in its language.

    Args:
        database: where the chats' settings are kept.
    """

    def __init__(self, database: Database) -> None:
        self._chats = BotChats(database)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle an update in the language of its chat."""
        chat: Chat | None = data.get("event_chat")
        user: User | None = data.get("event_from_user")
        if chat is None:
            return None
        person = user.id if user and chat.type == "private" else None
        language = user.language_code if user else None
        settings = await asyncio.to_thread(self._settings, chat.id, person, language)
        data |= {"settings": settings, "t": words(language_of(settings))}  # in place, as in access
        return await handler(event, data)

    def _settings(self, chat: int, person: int | None, client_language: str | None) -> BotChat:
        """Alerts come unasked: who speaks here, and in which language, is kept for them."""
        settings = self._chats.get(chat)
        language = client_language[:16] if client_language else settings.client_language
        if (settings.person, settings.client_language) != (person, language):
            return self._chats.update(chat, person=person, client_language=language)
        return settings
