"""/trials, /trial, /best and /report, with their pictures and sounds."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from smart_tuner.bot.access import Role
from smart_tuner.bot.desk import Desk, acknowledge, chat_of
from smart_tuner.bot.keyboards import Do, Press, trial_keyboard, trials_keyboard
from smart_tuner.bot.language import Words
from smart_tuner.bot.routers.arguments import study_name, trial_and_study
from smart_tuner.bot.texts.answers import no_such_trial
from smart_tuner.bot.texts.trials import best_text, trial_text, trials_text
from storage.bot_chats import BotChat
from storage.records import StudyRecord, TrialRecord

_LISTED = 15


async def trials(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat, t: Words
) -> None:
    """List the newest trials."""
    name = study_name(command.args)
    study = await asyncio.to_thread(desk.reader.study, name, settings.study)
    await _send_trials(bot, message.chat.id, study, desk, t)


async def press_trials(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, t: Words
) -> None:
    """The same, by a button."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await _send_trials(bot, chat_of(query), study, desk, t)


async def trial(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat,
    role: Role, t: Words,
) -> None:  # fmt: skip
    """Show a trial; without its number, list those that there are."""
    named = trial_and_study(command.args)
    study = await asyncio.to_thread(desk.reader.study, named.study, settings.study)
    if named.number is None:
        await _send_trials(bot, message.chat.id, study, desk, t)
    else:
        await _send_trial(bot, message.chat.id, study.name, named.number, desk, role, t)


async def press_trial(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, role: Role, t: Words
) -> None:
    """The same, by a button."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await _send_trial(bot, chat_of(query), study.name, callback_data.number, desk, role, t)


async def best(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat,
    role: Role, t: Words,
) -> None:  # fmt: skip
    """Show the best trial, with picture and voice."""
    name = study_name(command.args)
    study = await asyncio.to_thread(desk.reader.study, name, settings.study)
    await _send_best(bot, message.chat.id, study, desk, role, t)


async def press_best(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, role: Role, t: Words
) -> None:
    """The same, by a button."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await _send_best(bot, chat_of(query), study, desk, role, t)


async def report(
    message: Message, command: CommandObject, bot: Bot, desk: Desk, settings: BotChat, t: Words
) -> None:
    """Report on a trial: the one named, else one that runs, else the best."""
    named = trial_and_study(command.args)
    study = await asyncio.to_thread(desk.reader.study, named.study, settings.study)
    number = named.number
    if number is None:
        number = await asyncio.to_thread(_of_interest, desk, study)
    await _send_report(bot, message.chat.id, study.name, number, desk, t)


async def press_report(
    query: CallbackQuery, callback_data: Press, bot: Bot, desk: Desk, t: Words
) -> None:
    """The same, by a button."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    await _send_report(bot, chat_of(query), study.name, callback_data.number, desk, t)


async def picture(query: CallbackQuery, callback_data: Press, desk: Desk, t: Words) -> None:
    """The alignment of a trial."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    number, chat = callback_data.number, chat_of(query)
    caption = _caption(study, number, t)
    if await desk.delivery.send_picture(chat, study.name, number, caption) is None:
        assert query.bot is not None
        await query.bot.send_message(chat, t("The picture is not there any more."))


async def sound(query: CallbackQuery, callback_data: Press, desk: Desk, t: Words) -> None:
    """The speech of a trial."""
    await acknowledge(query)
    study = await asyncio.to_thread(desk.reader.by_handle, callback_data.study)
    number, chat = callback_data.number, chat_of(query)
    caption = _caption(study, number, t)
    if await desk.delivery.send_voice(chat, study.name, number, caption) is None:
        assert query.bot is not None
        await query.bot.send_message(chat, t("The recording is not there any more."))


def setup() -> Router:
    """The router."""
    router = Router(name="trials")
    router.message.register(trials, Command("trials"))
    router.message.register(trial, Command("trial"))
    router.message.register(best, Command("best"))
    router.message.register(report, Command("report"))
    router.callback_query.register(press_trials, Press.filter(F.do == Do.TRIALS))
    router.callback_query.register(press_trial, Press.filter(F.do == Do.TRIAL))
    router.callback_query.register(press_best, Press.filter(F.do == Do.BEST))
    router.callback_query.register(press_report, Press.filter(F.do == Do.REPORT))
    router.callback_query.register(picture, Press.filter(F.do == Do.PICTURE))
    router.callback_query.register(sound, Press.filter(F.do == Do.SOUND))
    return router


async def _send_trials(bot: Bot, chat: int, study: StudyRecord, desk: Desk, t: Words) -> None:
    found = await asyncio.to_thread(desk.reader.trials, study.name, _LISTED)
    keyboard = trials_keyboard(study.name, found)
    await bot.send_message(chat, trials_text(study.name, found, t), reply_markup=keyboard)


async def _send_trial(
    bot: Bot, chat: int, study: str, number: int, desk: Desk, role: Role, t: Words
) -> None:
    found = await asyncio.to_thread(desk.reader.trial, study, number)
    if found is None:
        await bot.send_message(chat, no_such_trial(number, study, t))
        return
    await bot.send_message(chat, trial_text(found, t), reply_markup=trial_keyboard(found, role, t))
    await _send_files(chat, found, desk, t)


async def _send_best(
    bot: Bot, chat: int, study: StudyRecord, desk: Desk, role: Role, t: Words
) -> None:
    found = await asyncio.to_thread(desk.reader.best, study)
    keyboard = trial_keyboard(found[0], role, t) if found else None
    await bot.send_message(chat, best_text(study.name, found, t), reply_markup=keyboard)
    if found:
        await _send_files(chat, found[0], desk, t)


async def _send_files(chat: int, trial: TrialRecord, desk: Desk, t: Words) -> None:
    caption = t("Trial {number}").format(number=trial.number)
    await desk.delivery.send_picture(chat, trial.study, trial.number, caption)
    await desk.delivery.send_voice(chat, trial.study, trial.number, caption)


async def _send_report(
    bot: Bot, chat: int, study: str, number: int | None, desk: Desk, t: Words
) -> None:
    if number is None:
        await bot.send_message(chat, t("no trials yet"))
        return
    text = await desk.delivery.report(study, number, t)
    await bot.send_message(chat, text or no_such_trial(number, study, t))


def _of_interest(desk: Desk, study: StudyRecord) -> int | None:
    running = desk.reader.status(study.name).running
    if running:
        return running[0].number
    found = desk.reader.best(study) or desk.reader.trials(study.name, 1)
    return found[0].number if found else None


def _caption(study: StudyRecord, number: int, t: Words) -> str:
    return t("Trial {number}").format(number=number)
