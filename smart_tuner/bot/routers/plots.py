"""/plot."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import BufferedInputFile, CallbackQuery, Message

from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Do, Press
from smart_tuner.bot.language import Words
from smart_tuner.bot.routers.arguments import study_name
from smart_tuner.bot.texts.html import bold
from storage.bot_chats import BotChat


async def plot(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Draw a study; others needn't wait for that."""
    name = study_name(command.args)
    study = await asyncio.to_thread(desk.reader.study, name, settings.study)
    desk.background.start(_send(bot, message.chat.id, study.name, desk, t))


async def press_plot(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, t: Words
) -> None:
    """The same, by a button."""
    await acknowledge(query, t("Drawing…"))
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    desk.background.start(_send(bot, chat_of(query), study.name, desk, t))


def setup() -> Router:
    """The router."""
    router = Router(name="plots")
    router.message.register(plot, Command("plot", "plots"))
    router.callback_query.register(press_plot, Press.filter(F.do == Do.PLOT))
    return router


async def _send(bot: Bot, chat: int, study: str, desk: Desk, t: Words) -> None:
    picture = await desk.documents.plots(study, t.language)
    if picture is None:
        await bot.send_message(chat, t("The plots could not be drawn; the bot's log says why."))
        return
    caption = "📈 " + bold(study)
    await bot.send_photo(chat, BufferedInputFile(picture, "plots.png"), caption=caption)
