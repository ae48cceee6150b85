"""Webhook mode: Telegram brings the updates, and shows a secret with each."""

import asyncio
import logging
from urllib.parse import urlsplit

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from smart_tuner.bot.settings import PREFIX, Webhook
from trainer.exit_codes import BadInputError

logger = logging.getLogger(__name__)


async def take_updates(dispatcher: Dispatcher, bot: Bot, webhook: Webhook) -> None:
    """Listen for updates, for ever. What comes without the secret is answered with 401.

    Raises:
        BadInputError: Telegram refuses the webhook, or the address can't be listened on.
        TelegramAPIError: Telegram can't be reached.
    """
    application = web.Application()
    # Answered when it is handled: an update that a killed bot has not handled comes again.
    handler = SimpleRequestHandler(
        dispatcher, bot, handle_in_background=False, secret_token=webhook.secret
    )
    handler.register(application, path=urlsplit(webhook.url).path or "/")
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await _listen(runner, webhook)
        await _announce(dispatcher, bot, webhook)
        logger.info("taking updates for %s on %s:%s", webhook.url, webhook.host, webhook.port)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _announce(dispatcher: Dispatcher, bot: Bot, webhook: Webhook) -> None:
    try:
        await bot.set_webhook(
            webhook.url,
            secret_token=webhook.secret,
            allowed_updates=dispatcher.resolve_used_update_types(),
        )
    except TelegramBadRequest as error:
        raise BadInputError(
            f"environment {PREFIX}WEBHOOK_URL={webhook.url}: Telegram refuses it:"
            f" {error.message}: set it to an HTTPS address that Telegram can reach"
        ) from error


async def _listen(runner: web.AppRunner, webhook: Webhook) -> None:
    try:
        await web.TCPSite(runner, webhook.host, webhook.port).start()
    except OSError as error:
        raise BadInputError(
            f"environment {PREFIX}WEBHOOK_LISTEN={webhook.host}:{webhook.port}:"
            f" {error.strerror}: name an address of this machine with a free port"
        ) from error
