"""Brings one message of the outbox to its chat: as text, picture, voice or file."""

import asyncio
import logging
import re
from pathlib import Path
from typing import Literal

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge, TelegramNotFound
from aiogram.types import BufferedInputFile
from soundfile import LibsndfileError

from smart_tuner.bot.documents import Documents
from smart_tuner.bot.files import RunFiles, voice_message
from smart_tuner.bot.language import Words
from smart_tuner.bot.reader import Reader
from smart_tuner.bot.texts.alerts import alert_text
from smart_tuner.bot.texts.report import ACTIONS, report_text
from storage.bot_outbox import BotMessage
from storage.events import Events
from storage.progress import Progress

logger = logging.getLogger(__name__)
_PNG = b"\x89PNG\r\n\x1a\n"
_NOT_TAKEN = (TelegramBadRequest, TelegramEntityTooLarge, TelegramNotFound)
"""Telegram, or a server in its place, does not take this file, or none of this kind."""


class Delivery:
    """Sends messages, each as what it is.

    Args:
        bot: who sends.
        reader: of the studies.
        files: of their runs.
        documents: makes the report of a study.
    """

    def __init__(self, bot: Bot, reader: Reader, files: RunFiles, documents: Documents) -> None:
        self._bot, self._reader, self._files = bot, reader, files
        self._documents = documents

    async def deliver(self, message: BotMessage, t: Words, *, silent: bool) -> int | None:
        """Send a message.

        Returns:
            Telegram's id of it; ``None`` where there is nothing to send any more.

        Raises:
            TelegramAPIError: it could not be sent (as the other errors of aiogram's client).
        """
        match message.kind:
            case "best":
                return await self._picture(message, t, silent=silent)
            case "best_voice":
                return await self._voice(message, t, silent=silent)
            case "finished_report":
                return await self._document(message, t, silent=silent)
            case "report":
                return await self._report(message, t, silent=silent)
            case _:
                return await self._text(message.chat, alert_text(message, t), silent=silent)

    async def report(self, study: str, number: int, t: Words) -> str | None:
        """The report of a trial; ``None`` where there is no such trial."""
        return await asyncio.to_thread(self._read_report, study, number, t)

    async def send_picture(
        self, chat: int, study: str, number: int, caption: str, *, silent: bool = False
    ) -> int | None:
        """The alignment of a trial's best evaluation; ``None``: it has none that can be sent."""
        path = await asyncio.to_thread(self._find, study, number, "alignment_png")
        picture = await asyncio.to_thread(_bytes_of, path) if path else b""
        if not picture.startswith(_PNG):  # the database may name any file: only pictures go out
            return None
        file = BufferedInputFile(picture, f"trial_{number}.png")
        try:
            sent = await self._bot.send_photo(
                chat, file, caption=caption, disable_notification=silent
            )
        except _NOT_TAKEN as error:
            logger.warning("the picture of trial %s was not taken: %s", number, error.message)
            return None
        return sent.message_id

    async def send_voice(
        self, chat: int, study: str, number: int, caption: str, *, silent: bool = False
    ) -> int | None:
        """The speech of a trial's best evaluation; ``None``: it has none that can be sent."""
        path = await asyncio.to_thread(self._find, study, number, "sample_wav")
        if path is None:
            return None
        try:
            sound = await asyncio.to_thread(voice_message, path)
        except LibsndfileError as error:
            logger.warning("%s: no recording: %s", path, error)
            return None
        name = f"trial_{number}.ogg"
        try:
            sent = await self._bot.send_voice(
                chat,
                BufferedInputFile(sound, name),
                caption=caption,
                disable_notification=silent,
            )
        except _NOT_TAKEN as error:  # such as VOICE_MESSAGES_FORBIDDEN
            logger.info("the voice message was not taken: %s", error.message)
            sent = await self._bot.send_audio(
                chat,
                BufferedInputFile(sound, name),
                caption=caption,
                disable_notification=silent,
            )
        return sent.message_id

    async def _picture(self, message: BotMessage, t: Words, *, silent: bool) -> int:
        """The text alone where there is no picture, or Telegram does not take it."""
        text, number = alert_text(message, t), message.number
        assert number is not None
        sent = await self.send_picture(message.chat, message.study, number, text, silent=silent)
        if sent is not None:
            return sent
        return await self._text(message.chat, text, silent=silent)

    async def _voice(self, message: BotMessage, t: Words, *, silent: bool) -> int | None:
        assert message.number is not None
        return await self.send_voice(
            message.chat, message.study, message.number, alert_text(message, t), silent=silent
        )

    async def _report(self, message: BotMessage, t: Words, *, silent: bool) -> int | None:
        assert message.number is not None
        text = await self.report(message.study, message.number, t)
        return None if text is None else await self._text(message.chat, text, silent=silent)

    async def _document(self, message: BotMessage, t: Words, *, silent: bool) -> int | None:
        page = await self._documents.report(message.study)
        if page is None:
            return None
        file = BufferedInputFile(page, f"report-{_file_name(message.study)}.html")
        caption = alert_text(message, t)
        try:
            sent = await self._bot.send_document(
                message.chat, file, caption=caption, disable_notification=silent
            )
        except TelegramEntityTooLarge as error:
            logger.warning("the report of %s was not taken: %s", message.study, error.message)
            return None
        return sent.message_id

    async def _text(self, chat: int, text: str, *, silent: bool) -> int:
        sent = await self._bot.send_message(chat, text, disable_notification=silent)
        return sent.message_id

    def _find(
        self, study: str, number: int, field: Literal["alignment_png", "sample_wav"]
    ) -> Path | None:
        trial = self._reader.trial(study, number)
        if trial is None:
            return None
        return self._files.find(study, number, trial.run_dir, getattr(trial, field))

    def _read_report(self, study: str, number: int, t: Words) -> str | None:
        trial = self._reader.trial(study, number)
        if trial is None:
            return None
        database = self._reader.database
        running = Progress(database).list_of(study)
        progress = next((one for one in running if one.number == number), None)
        return report_text(trial, progress, Events(database).list_of(study, number, ACTIONS), t)


def _file_name(study: str) -> str:
    """A study's name as a part of a file's name."""
    return re.sub(r"[^\w.+-]+", "_", study)[:80]


def _bytes_of(path: Path) -> bytes:
    """What a file holds; nothing where it was deleted since it was found."""
    try:
        return path.read_bytes()
    except OSError as error:
        logger.warning("%s: %s", path, error.strerror)
        return b""
