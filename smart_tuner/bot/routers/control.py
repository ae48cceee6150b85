"""/pause, /resume, /stop and /prune: operators alone."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User

from smart_tuner.bot.access import Role
from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Do, Press, question_keyboard
from smart_tuner.bot.language import Words
from smart_tuner.bot.routers.arguments import study_name, trial_and_study
from smart_tuner.bot.texts.answers import command_text, question_text
from storage.bot_chats import BotChat
from storage.records import CommandRecord, CommandState, StudyRecord

_AT_ONCE = {Do.PAUSE: "pause", Do.RESUME: "resume", Do.CONFIRM_STOP: "stop",
            Do.CONFIRM_PRUNE: "prune"}  # fmt: skip
_QUESTIONS = {Do.STOP: ("stop", Do.CONFIRM_STOP), Do.PRUNE: ("prune", Do.CONFIRM_PRUNE)}


async def pause_or_resume(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Ask the controllers, and say what they answer."""
    name = study_name(command.args)
    study = await asyncio.to_thread(desk.reader.study, name, settings.study)
    assert message.from_user is not None
    await _ask(bot, message.chat.id, desk, study, command.command, message.from_user, t)


async def stop(
    message: Message, command: CommandObject, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Ask whether it is meant."""
    name = study_name(command.args)
    study = await asyncio.to_thread(desk.reader.study, name, settings.study)
    keyboard = question_keyboard(Do.CONFIRM_STOP, study.name, t)
    await message.answer(question_text("stop", study.name, None, t), reply_markup=keyboard)


async def prune(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Whoever types a trial's number means it."""
    named = trial_and_study(command.args)
    if named.number is None:
        await message.answer(t("Say which trial: <code>/prune 3</code>."))
        return
    study = await asyncio.to_thread(desk.reader.study, named.study, settings.study)
    assert message.from_user is not None
    user = message.from_user
    await _ask(bot, message.chat.id, desk, study, "prune", user, t, named.number)


async def press_question(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, t: Words
) -> None:
    """A button that is easily touched: ask whether it is meant."""
    await acknowledge(query)
    kind, yes = _QUESTIONS[callback_data.do]
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    number = callback_data.number
    text = question_text(kind, study.name, number, t)
    keyboard = question_keyboard(yes, study.name, t, number)
    await bot.send_message(chat_of(query), text, reply_markup=keyboard)


async def press(query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, t: Words) -> None:
    """Ask the controllers; a question that is answered loses its buttons."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    kind = _AT_ONCE[callback_data.do]
    number = callback_data.number if kind == "prune" else None
    await _ask(bot, chat_of(query), desk, study, kind, query.from_user, t, number)
    if callback_data.do in (Do.CONFIRM_STOP, Do.CONFIRM_PRUNE) and isinstance(
        query.message, Message
    ):
        await query.message.edit_reply_markup(reply_markup=None)


async def cancel(query: CallbackQuery, t: Words) -> None:
    """It was not meant."""
    await acknowledge(query, t("Nothing is done."))
    if isinstance(query.message, Message):
        await query.message.edit_reply_markup(reply_markup=None)


async def refuse(message: Message, t: Words) -> None:
    """A viewer asks for what only operators may."""
    await message.answer("🚫 " + t("Only operators may do that."))


async def refuse_press(query: CallbackQuery, t: Words) -> None:
    """The same, by a button."""
    await acknowledge(query, t("Only operators may do that."), alert=True)


def setup() -> Router:
    """The router."""
    router = Router(name="control")
    router.message.register(refuse, Command("pause", "resume", "stop", "prune"), _is_viewer)
    router.callback_query.register(
        refuse_press, Press.filter(F.do.in_({*_AT_ONCE, *_QUESTIONS})), _is_viewer
    )
    router.message.register(pause_or_resume, Command("pause", "resume"))
    router.message.register(stop, Command("stop"))
    router.message.register(prune, Command("prune"))
    router.callback_query.register(press_question, Press.filter(F.do.in_(set(_QUESTIONS))))
    router.callback_query.register(press, Press.filter(F.do.in_(set(_AT_ONCE))))
    router.callback_query.register(cancel, Press.filter(F.do == Do.CANCEL))
    return router


async def _is_viewer(_: object, role: Role) -> bool:
    return role < Role.OPERATOR


async def _ask(
    bot: Bot, chat: int, desk: Desk, study: StudyRecord, kind: str, user: User, t: Words,
    number: int | None = None,
) -> None:  # fmt: skip
    """Within two seconds the person knows that it was heard, or is on its way."""
    command = await desk.asker.ask(study, kind, user.id, number)
    sent = await bot.send_message(chat, command_text(command, t))
    if command.state is CommandState.PENDING:
        desk.background.start(_follow(sent, command, desk, t))


async def _follow(message: Message, command: CommandRecord, desk: Desk, t: Words) -> None:
    answered = await desk.asker.answer(command)
    await message.edit_text(command_text(answered, t))
