"""Plots and reports of studies, made by processes of their own: their libraries are large."""

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from smart_tuner.bot.settings import PREFIX
from storage.database import Database

logger = logging.getLogger(__name__)
_LONGEST_SECONDS = 180.0
_LONGEST_COMPLAINT = 300
_PYTHON = (sys.executable, "-P", "-m")


class Documents:
    """Makes files about a study.

    Args:
        database: of the studies.
    """

    def __init__(self, database: Database) -> None:
        self._url = database.url.render_as_string(hide_password=False)

    async def plots(self, study: str, language: str) -> bytes | None:
        """History, gradient norm, diagonality and importance as PNG; ``None``: see the log."""
        return await self._made_by(["smart_tuner.bot.plots", study, language], "plots.png")

    async def report(self, study: str) -> bytes | None:
        """The report of a study as an HTML page; ``None``: see the log."""
        command = ["smart_tuner.cli", "report", f"--name={study}", "--format=html", "--output"]
        return await self._made_by(command, "report.html")

    async def _made_by(self, command: Sequence[str], name: str) -> bytes | None:
        with tempfile.TemporaryDirectory(prefix="smart-tuner-bot-") as folder:
            file = Path(folder) / name
            process = await asyncio.create_subprocess_exec(
                *_PYTHON, *command, str(file),
                env=self._environ(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                _, said = await asyncio.wait_for(process.communicate(), _LONGEST_SECONDS)
            except TimeoutError:
                logger.warning("%s took longer than %g s", command[0], _LONGEST_SECONDS)
                return None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if process.returncode == 0 and file.exists():
                return file.read_bytes()
        words = said.decode("utf-8", "replace").strip()[-_LONGEST_COMPLAINT:]
        logger.warning("%s ended with exit code %s: %s", command[0], process.returncode, words)
        return None

    def _environ(self) -> dict[str, str]:
        """Without the token: these processes have no use for it."""
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
        return {**kept, "SMART_TUNER_STORAGE__URL": self._url}
