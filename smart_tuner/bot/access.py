"""Who may speak with the bot: operators, viewers, and nobody else."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Chat, TelegramObject, User

from smart_tuner.bot.settings import BotSettings
from storage.bot_chats import BotChat

logger = logging.getLogger(__name__)
_MOST_STRANGERS = 1000


class Role(IntEnum):
    """What somebody may do; a greater one may do all that a lesser one may."""

    VIEWER = 1
    OPERATOR = 2


class Access:
    """Knows the role of every user and chat.

    Args:
        settings: who is allowed.
    """

    def __init__(self, settings: BotSettings) -> None:
        self._roles = dict.fromkeys(settings.viewers, Role.VIEWER)
        self._roles |= dict.fromkeys(settings.operators, Role.OPERATOR)

    def role(self, user: int | None, chat: int | None, *, is_private: bool) -> Role | None:
        """The greater of a user's and a chat's; ``None``: no answer.

        In a group that is not allowed nobody is answered: others there would read it.
        """
        of_chat = None if chat is None else self._roles.get(chat)
        if of_chat is None and not is_private:
            return None
        of_user = None if user is None else self._roles.get(user)
        return max((role for role in (of_user, of_chat) if role is not None), default=None)

    def role_in(self, chat: BotChat) -> Role | None:
        """What may be shown in a chat unasked: the role of its person, or of the group."""
        return self.role(chat.person, chat.chat, is_private=chat.chat > 0)

    def recipients(self, known: Iterable[BotChat]) -> list[int]:
        """The chats that alerts are for: those listed, and those of listed people."""
        of_people = {one.chat for one in known if self.role_in(one) is not None}
        return sorted(of_people | set(self._roles))


class AccessMiddleware(BaseMiddleware):
    """Lets through what comes from somebody known, with his ``role``; one line for a stranger."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._strangers: set[tuple[int | None, int | None]] = set()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle an update, or leave it unanswered."""
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        user_id, chat_id = user.id if user else None, chat.id if chat else None
        role = self._access.role(
            user_id, chat_id, is_private=chat is None or chat.type == "private"
        )
        if role is None:
            self._note(user_id, chat_id)
            return None
        data["role"] = role  # in place: handlers of errors see it, too
        return await handler(event, data)

    def _note(self, user: int | None, chat: int | None) -> None:
        """Once for each: a stranger shall not fill the disk."""
        if (user, chat) in self._strangers:
            return
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.add((user, chat))
        logger.warning("not answered: user %s in chat %s is not allowed", user, chat)
