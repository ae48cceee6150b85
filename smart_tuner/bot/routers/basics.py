"""/start, /help and /language."""

import asyncio

from aiogram import F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message

from smart_tuner.bot.access import Role
from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Choice, language_keyboard
from smart_tuner.bot.language import NAMES, Words, words
from smart_tuner.bot.texts.help import help_text, start_text


async def start(message: Message, role: Role, t: Words) -> None:
    """Greet."""
    await message.answer(start_text(role, t))


async def show_help(message: Message, role: Role, t: Words) -> None:
    """List the commands."""
    await message.answer(help_text(role, t))


async def ask_language(message: Message, t: Words) -> None:
    """Which language?"""
    await message.answer(t("Which language?"), reply_markup=language_keyboard())


async def choose_language(query: CallbackQuery, callback_data: Choice, desk: Desk) -> None:
    """Keep the language of this chat."""
    language = callback_data.value
    await acknowledge(query)
    if language not in NAMES:
        return
    await asyncio.to_thread(desk.chats.update, chat_of(query), language=language)
    t = words(language)
    text = t("From now on I write English here.")
    assert query.bot is not None
    await query.bot.send_message(chat_of(query), text)


def setup() -> Router:
    """The router."""
    router = Router(name="basics")
    router.message.register(start, CommandStart())
    router.message.register(show_help, Command("help"))
    router.message.register(ask_language, Command("language"))
    router.callback_query.register(choose_language, Choice.filter(F.setting == "language"))
    return router
