"""The menu of commands, in every language."""

from aiogram import Bot
from aiogram.types import BotCommand

from smart_tuner.bot.language import ENGLISH, NAMES, words
from smart_tuner.bot.texts.help import COMMANDS

_LONGEST = 256


async def register_menu(bot: Bot) -> None:
    """Tell Telegram the commands: in English, and in each language for its readers.

    Raises:
        TelegramAPIError: it could not be told.
    """
    for language in NAMES:
        t = words(language)
        commands = [
            BotCommand(command=name, description=t(text)[:_LONGEST])
            for name, text in COMMANDS.items()
        ]
        code = None if language == ENGLISH else language
        await bot.set_my_commands(commands, language_code=code)
