"""The bot as a client of Telegram's Bot API, or of a server that speaks it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Update
from aiohttp import ClientSession, TraceConfig
from pydantic import ValidationError

from smart_tuner.bot.settings import BotSettings

logger = logging.getLogger(__name__)
before_sending: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar(
    "before_sending", default=None
)
"""Awaited when a request has its connection, and nothing of it was sent yet."""
_TIMEOUT_SECONDS = 20.0
_LONGEST_SECONDS = 60.0
"""So long a request is made again; other people wait, too."""
_PASSING = (TelegramRetryAfter, TelegramServerError, TelegramNetworkError, ClientDecodeError)


class Session(AiohttpSession):
    """Tells when a request is about to be sent (:data:`before_sending`).

    An update that this version of aiogram does not understand is left out, and holds no other up.
    """

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """As aiogram does it, but for updates one by one where they aren't understood at once."""
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError as error:
            if isinstance(method, GetUpdates) and was_taken(error):
                updates = [_update(bot, one) for one in error.data["result"]]
                return Response[method.__returning__](ok=True, result=updates)  # type: ignore[name-defined]
            raise

    async def create_session(self) -> ClientSession:
        """As aiogram makes it, with an ear in it."""
        if self._session is None or self._session.closed:
            trace = TraceConfig()
            trace.on_connection_create_end.append(_about_to_send)
            trace.on_connection_reuseconn.append(_about_to_send)
            connector = self._connector_type(**self._connector_init)
            self._session = ClientSession(connector=connector, trace_configs=[trace])
            self._should_reset_connector = False
        return self._session


def was_taken(error: Exception) -> bool:
    """Whether a server has done what was asked, and said so in words that are not understood."""
    if not isinstance(error, ClientDecodeError) or not isinstance(error.data, dict):
        return False
    return error.data.get("ok") is True and "result" in error.data


def _update(bot: Bot, data: dict[str, Any]) -> Update:
    try:
        return Update.model_validate(data, context={"bot": bot})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        logger.warning("update %s is not understood: %s", data["update_id"], first["loc"])
        return Update(update_id=data["update_id"])  # of no kind: confirmed, and not handled


async def _about_to_send(*_: object) -> None:
    announce = before_sending.get()
    if announce is not None:
        await announce()


class Patience(BaseRequestMiddleware):
    """Makes a request again where Telegram has not taken it, or has not said that it has.

    Answers to people need it: twice is better than never. The outbox has its own.
    """

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make a request, several times if need be."""
        began, tries = time.monotonic(), 0
        while True:
            try:
                return await make_request(bot, method)
            except _PASSING as error:
                tries += 1
                seconds = _wait_seconds(error, tries)
                is_late = time.monotonic() + seconds - began > _LONGEST_SECONDS
                if is_late or isinstance(method, GetUpdates) or was_taken(error):
                    raise
            logger.warning("%s again in %.1f s", type(method).__name__, seconds)
            await asyncio.sleep(seconds)


def make_bot(settings: BotSettings, *, patient: bool) -> Bot:
    """A client with a connection of its own, to be closed by ``bot.session.close()``.

    Args:
        settings: server and token.
        patient: whether requests that were not taken are made again (:class:`Patience`).
    """
    session = Session(api=TelegramAPIServer.from_base(settings.api_url), timeout=_TIMEOUT_SECONDS)
    if patient:
        session.middleware(Patience())
    preview = {"link_preview_is_disabled": True}
    properties: dict[str, Any] = {"parse_mode": ParseMode.HTML, **preview}
    return Bot(settings.token, session=session, default=DefaultBotProperties(**properties))


def _wait_seconds(error: Exception, tries: int) -> float:
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    return 0.25 * 2.0**tries
