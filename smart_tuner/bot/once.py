"""Each update is handled once, though Telegram brings again what a killed bot has not confirmed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from storage.bot_updates import HandledUpdates
from storage.database import Database


class OnceMiddleware(BaseMiddleware):
    """Remembers in the database what was handled.

    A bot that is killed after its answer and before that is remembered answers twice.

    Args:
        database: where it is remembered.
    """

    def __init__(self, database: Database) -> None:
        self._handled = HandledUpdates(database)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle an update that was not handled yet."""
        assert isinstance(event, Update)
        text = event.model_dump_json(exclude_none=True)  # numbers alone may begin anew
        if await asyncio.to_thread(self._handled.holds, text):
            return None
        result = await handler(event, data)
        await asyncio.to_thread(self._handled.add, text)
        return result
