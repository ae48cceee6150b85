"""The bot as a process: handlers, watcher, sender and live messages, until it is told to leave."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramNotFound,
    TelegramUnauthorizedError,
)

from smart_tuner.bot.access import Access, AccessMiddleware
from smart_tuner.bot.asking import Asker
from smart_tuner.bot.background import Background
from smart_tuner.bot.client import make_bot
from smart_tuner.bot.delivery import Delivery
from smart_tuner.bot.desk import Desk
from smart_tuner.bot.documents import Documents
from smart_tuner.bot.files import RunFiles
from smart_tuner.bot.language import LanguageMiddleware
from smart_tuner.bot.live import LiveBoard
from smart_tuner.bot.menu import register_menu
from smart_tuner.bot.once import OnceMiddleware
from smart_tuner.bot.reader import Reader
from smart_tuner.bot.routers import (
    basics,
    control,
    errors,
    fallback,
    plots,
    preferences,
    studies,
    trials,
)
from smart_tuner.bot.sender import Sender
from smart_tuner.bot.settings import PREFIX, BotSettings
from smart_tuner.bot.watcher import Watcher
from smart_tuner.bot.webhook import take_updates
from storage.bot_chats import BotChats
from storage.database import Database
from storage.errors import StorageError
from trainer.exit_codes import BadInputError

logger = logging.getLogger(__name__)
_WATCH_SECONDS = 1.0
_SEND_SECONDS = 0.3
_LIVE_SECONDS = 1.0
_MOST_BACKOFF_SECONDS = 60.0
_POLLING_SECONDS = 10
_LEAVING_SECONDS = 5.0


async def serve(
    database: Database, settings: BotSettings, runs: Path | None, alive: Path | None = None
) -> None:
    """Run the bot until SIGTERM or SIGINT.

    Args:
        database: of the studies.
        settings: who may speak with it, and where Telegram is.
        runs: where runs lie if not where they were made.
        alive: touched as long as studies are watched, for a health check.

    Raises:
        BadInputError: Telegram knows no such token.
    """
    bot, messenger = make_bot(settings, patient=True), make_bot(settings, patient=False)
    service = Service(database, settings, runs, bot, messenger, alive)
    try:
        await _until_told(service.run(), service.leave)
    finally:
        await service.background.close()
        await asyncio.gather(bot.session.close(), messenger.session.close())


class Service:
    """The parts of the bot, put together.

    Args:
        database: of the studies.
        settings: of the bot.
        runs: where runs lie if not where they were made.
        bot: answers people.
        messenger: sends what nobody has asked for just now.
        alive: touched as long as studies are watched.
    """

    def __init__(
        self, database: Database, settings: BotSettings, runs: Path | None, bot: Bot,
        messenger: Bot, alive: Path | None = None,
    ) -> None:  # fmt: skip
        self._alive = alive
        self.bot, self.background, self._settings = bot, Background(), settings
        reader, access, files = Reader(database), Access(settings), RunFiles(runs)
        documents = Documents(database)
        self._watcher = Watcher(reader, access)
        self._sender = Sender(database, Delivery(messenger, reader, files, documents), access)
        self._live = LiveBoard(messenger, reader, access)
        self.dispatcher = Dispatcher(
            desk=Desk(
                reader=reader,
                chats=BotChats(database),
                live=LiveBoard(bot, reader, access),
                delivery=Delivery(bot, reader, files, documents),
                asker=Asker(database),
                documents=documents,
                background=self.background,
            )
        )
        self.dispatcher.update.outer_middleware(AccessMiddleware(access))
        self.dispatcher.update.outer_middleware(OnceMiddleware(database))
        self.dispatcher.update.outer_middleware(LanguageMiddleware(database))
        for room in (errors, basics, studies, trials, control, preferences, plots, fallback):
            self.dispatcher.include_router(room.setup())

    async def run(self) -> None:
        """Do everything at once, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(_for_ever(self._watch, _WATCH_SECONDS, "watching studies"))
            tasks.create_task(self._send())
            tasks.create_task(_for_ever(self._refresh, _LIVE_SECONDS, "live messages"))

    async def leave(self) -> None:
        """Let the alert that is being sent arrive, so that it needn't be sent again."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sender.close(), _LEAVING_SECONDS)

    async def _listen(self) -> None:
        """Find Telegram, then answer what people send."""
        await _until_it_answers(self._greet)
        self.background.start(_until_it_answers(self._menu))
        webhook = self._settings.webhook
        if webhook is not None:
            await _until_it_answers(lambda: take_updates(self.dispatcher, self.bot, webhook))
        await _until_it_answers(self._without_webhook)
        await self.dispatcher.start_polling(
            self.bot,
            polling_timeout=_POLLING_SECONDS,
            handle_as_tasks=False,  # one after another: an update that is not handled comes again
            handle_signals=False,
            close_bot_session=False,
        )

    async def _greet(self) -> None:
        try:
            me = await self.bot.me()
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise BadInputError(
                f"environment {PREFIX}TOKEN: Telegram knows no such bot:"
                " copy the token from @BotFather again"
            ) from None
        logger.info("the bot is @%s", me.username)

    async def _without_webhook(self) -> None:
        """While there is one, Telegram gives no updates to those who ask."""
        with _refusal_noted("deleting the webhook"):
            await self.bot.delete_webhook()

    async def _menu(self) -> None:
        with _refusal_noted("registering the menu"):
            await register_menu(self.bot)

    async def _watch(self) -> float:
        await asyncio.to_thread(self._watcher.look)
        if self._alive is not None:
            self._alive.touch()
        return 0.0

    async def _send(self) -> None:
        await _until_it_answers(self._sender.take_up)
        await _for_ever(self._sender.send_due, _SEND_SECONDS, "alerts")

    async def _refresh(self) -> float:
        await self._live.refresh()
        return 0.0


async def _for_ever(work: Callable[[], Awaitable[float]], seconds: float, what: str) -> None:
    """Do ``work`` again and again; what is away is waited for, longer each time."""
    failures = 0
    while True:
        try:
            wait = await work()
            failures = 0
        except (AiogramError, StorageError) as error:
            failures += 1
            wait = _backoff_seconds(failures)
            logger.warning("%s: %s; again in %.0f s", what, error, wait)
        except Exception:  # the edge of the bot's own work: what people ask is still answered
            failures += 1
            wait = _backoff_seconds(failures)
            logger.exception("%s failed; again in %.0f s", what, wait)
        await asyncio.sleep(max(seconds, wait))


async def _until_it_answers(work: Callable[[], Awaitable[object]]) -> None:
    """Do ``work`` until it succeeds."""
    failures = 0
    while True:
        try:
            await work()
        except (AiogramError, StorageError) as error:
            failures += 1
            wait = _backoff_seconds(failures)
            logger.warning("%s; again in %.0f s", error, wait)
            await asyncio.sleep(wait)
        else:
            return


def _backoff_seconds(failures: int) -> float:
    return min(_MOST_BACKOFF_SECONDS, 0.5 * 2.0 ** min(failures, 10))


@contextmanager
def _refusal_noted(what: str) -> Iterator[None]:
    """Servers in Telegram's place need not know everything."""
    try:
        yield
    except (TelegramBadRequest, TelegramNotFound) as error:
        logger.warning("%s: %s", what, error.message)


async def _until_told(
    work: Coroutine[Any, Any, None], leave: Callable[[], Awaitable[None]]
) -> None:
    """Run ``work`` until it fails, or a signal says to ``leave``."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, told.set)
    running, signalled = asyncio.create_task(work), asyncio.create_task(told.wait())
    await asyncio.wait((running, signalled), return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if not running.done():
        logger.info("leaving")
        await leave()
        running.cancel()
    with suppress(asyncio.CancelledError):
        await running
