"""What no other router knows."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from smart_tuner.bot.desk import acknowledge
from smart_tuner.bot.language import Words


async def unknown(message: Message, t: Words) -> None:
    """Point to the list of commands."""
    await message.answer(t("I don't know that. /help lists the commands."))


async def old_button(query: CallbackQuery, t: Words) -> None:
    """A button of an older version."""
    await acknowledge(query, t("This button is too old; ask anew."))


def setup() -> Router:
    """The router; it comes last. In groups people speak with each other, too."""
    router = Router(name="fallback")
    router.message.register(unknown, F.chat.type == "private", F.text)
    router.callback_query.register(old_button)
    return router
