"""/mute and /settings: what each chat chooses for itself."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Choice, choices
from smart_tuner.bot.language import Words
from smart_tuner.bot.preferences import change
from smart_tuner.bot.texts.preferences import MUTES, SEVERITIES, mute_text, settings_text
from storage.bot_chats import BotChat
from storage.clock import utc_now

_CHOSEN = {"alerts", "mute"}
"""Settings that buttons choose."""


async def mute(
    message: Message, command: CommandObject, desk: Desk, settings: BotChat, t: Words
) -> None:
    """No alerts for a while: for how long?"""
    if command.args:
        await _set(message, "mute", command.args, desk, t)
        return
    buttons = choices(("mute", value, t(text)) for value, text in MUTES.items())
    await message.answer(mute_text(settings, utc_now(), t), reply_markup=buttons)


async def show_settings(
    message: Message, command: CommandObject, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Show what was chosen, or choose."""
    name, _, value = (command.args or "").strip().partition(" ")
    if name:
        await _set(message, name.lower(), value, desk, t)
        return
    await message.answer(settings_text(settings, utc_now(), t), reply_markup=_buttons(t))


async def choose(
    query: CallbackQuery, callback_data: Choice, bot: Bot, desk: Desk, t: Words
) -> None:
    """A button chooses."""
    await acknowledge(query)
    chat, fields = chat_of(query), change(callback_data.setting, callback_data.value, utc_now())
    if fields is not None:
        after = await asyncio.to_thread(lambda: desk.chats.update(chat, **fields))
        await bot.send_message(chat, _said(callback_data.setting, after, t))


def setup() -> Router:
    """The router."""
    router = Router(name="preferences")
    router.message.register(mute, Command("mute"))
    router.message.register(show_settings, Command("settings"))
    router.callback_query.register(choose, Choice.filter(F.setting.in_(_CHOSEN)))
    return router


async def _set(message: Message, name: str, value: str, desk: Desk, t: Words) -> None:
    fields = change(name, value, utc_now())
    if fields is None:
        await message.answer(
            t("I don't understand that; /settings shows what can be set, and how.")
        )
        return
    after = await asyncio.to_thread(lambda: desk.chats.update(message.chat.id, **fields))
    await message.answer(_said(name, after, t))


def _said(setting: str, chat: BotChat, t: Words) -> str:
    text = mute_text if setting == "mute" else settings_text
    return text(chat, utc_now(), t)


def _buttons(t: Words) -> InlineKeyboardMarkup:
    return choices(("alerts", value, t(text)) for value, text in SEVERITIES.items())
