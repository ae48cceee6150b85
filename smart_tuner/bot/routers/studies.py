"""/studies and /status."""

import asyncio

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Do, Press, studies_keyboard
from smart_tuner.bot.language import Words
from smart_tuner.bot.routers.arguments import study_name
from smart_tuner.bot.texts.status import studies_text
from storage.bot_chats import BotChat


async def studies(message: Message, desk: Desk, t: Words) -> None:
    """List the studies."""
    found = await asyncio.to_thread(desk.reader.studies)
    await message.answer(studies_text(found, t), reply_markup=studies_keyboard(found))


async def status(
    message: Message, command: CommandObject, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Show how a study stands, from now on."""
    study = await asyncio.to_thread(desk.reader.study, study_name(command.args), settings.study)
    await desk.live.show(message.chat.id, study.name, t)


async def press_status(query: CallbackQuery, callback_data: Press, desk: Desk, t: Words) -> None:
    """The same, by a button."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await desk.live.show(chat_of(query), study.name, t)


async def choose(query: CallbackQuery, callback_data: Press, desk: Desk, t: Words) -> None:
    """From now on this study is meant where none is named."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await asyncio.to_thread(desk.chats.update, chat_of(query), study=study.name)
    await desk.live.show(chat_of(query), study.name, t)


def setup() -> Router:
    """The router."""
    router = Router(name="studies")
    router.message.register(studies, Command("studies"))
    router.message.register(status, Command("status"))
    router.callback_query.register(press_status, Press.filter(F.do == Do.STATUS))
    router.callback_query.register(choose, Press.filter(F.do == Do.CHOOSE))
    return router
