"""Asking the controllers of a study for something, and waiting for what they answer."""

import asyncio
import time

from storage.commands import EXPIRES_AFTER_SECONDS, Commands
from storage.database import Database
from storage.records import CommandRecord, CommandState, StudyRecord
from storage.requests import expire_unheard, request

SOURCE = "telegram"
ACKNOWLEDGED_WITHIN_SECONDS = 1.0
"""So long an answer is waited for before the person hears that it is on its way."""
_POLL_SECONDS = 0.1
_SLOW_POLL_SECONDS = 0.5


class Asker:
    """Sends commands for people.

    Args:
        database: where the commands are read by controllers.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(
        self, study: StudyRecord, kind: str, user: int, number: int | None = None
    ) -> CommandRecord:
        """Ask, and wait a moment: the command, answered or still pending."""
        sent = await asyncio.to_thread(
            request,
            self._database,
            study,
            kind,
            requested_by=str(user),
            source=SOURCE,
            number=number,
        )
        return await self._wait(sent, ACKNOWLEDGED_WITHIN_SECONDS, _POLL_SECONDS)

    async def answer(self, sent: CommandRecord) -> CommandRecord:
        """The command once it is answered, or has expired since nobody heard it."""
        waited = await self._wait(sent, EXPIRES_AFTER_SECONDS + 1.0, _SLOW_POLL_SECONDS)
        if waited.state is CommandState.PENDING:
            await asyncio.to_thread(expire_unheard, self._database, sent.study)
            waited = await self._look(sent)
        return waited

    async def _wait(self, sent: CommandRecord, seconds: float, poll: float) -> CommandRecord:
        deadline = time.monotonic() + seconds
        while sent.state is CommandState.PENDING and time.monotonic() < deadline:
            await asyncio.sleep(poll)
            sent = await self._look(sent)
        return sent

    async def _look(self, sent: CommandRecord) -> CommandRecord:
        """As it was, where the study and its commands were deleted meanwhile."""
        return await asyncio.to_thread(Commands(self._database).get, sent.id) or sent
