"""The bot in a process of its own, killed and started again as a test wants."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import smart_tuner
from tests.smart_tuner.bot.bot_api_server import TOKEN, BotApiServer

ROOT = Path(smart_tuner.__file__).parents[1]
OPERATOR, VIEWER, STRANGER = 101, 202, 303


@dataclass
class BotProcess:
    """``smart-tuner start bot``, started again as often as a test wants."""

    folder: Path
    server: BotApiServer
    storage: str
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def start(self) -> "BotProcess":
        """Start it, without waiting."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("SMART_TUNER_")}
        with (self.folder / "bot.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "smart_tuner.cli", "start", "bot"],
                cwd=self.folder,
                env={**environ, "PYTHONPATH": str(ROOT), **self._settings()},
                stdout=log,
                stderr=log,
                text=True,
            )
        return self

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "bot.log").read_text()

    def _settings(self) -> dict[str, str]:
        prefix = "SMART_TUNER_TELEGRAM__"
        return {
            f"{prefix}TOKEN": TOKEN,
            f"{prefix}API_URL": self.server.url,
            f"{prefix}OPERATORS": str(OPERATOR),
            f"{prefix}VIEWERS": str(VIEWER),
            "SMART_TUNER_STORAGE__URL": self.storage,
            **self.environ,
        }

    def _end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def eventually(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
