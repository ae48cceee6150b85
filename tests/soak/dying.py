"""A process that dies at a moment of its own."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from plans import MARK  # a script finds what lies beside it

_FILE_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen")


class Countdown:
    """Over once, at the ``at``-th call."""

    def __init__(self, kind: str, at: int) -> None:
        self.kind, self._left = kind, at

    def is_over(self) -> bool:
        """Whether this call is the one."""
        self._left -= 1
        if self._left == 0:
            os.write(1, f"{MARK} {self.kind}\n".encode())
        return self._left == 0


def die_at_file(countdown: Countdown, within: str) -> None:
    """Before it opens, renames or removes a file with ``within`` in its path, or starts a process.

    The last call that is counted is not made.
    """

    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        if name not in _FILE_EVENTS:
            return
        path = within if name == "subprocess.Popen" else arguments[0]
        if isinstance(path, str | Path) and within in str(path) and countdown.is_over():
            die()

    sys.addaudithook(hook)


def die_at_work(seconds: float) -> None:
    """After so many seconds of a processor's time, be it in the midst of a library."""
    signal.setitimer(signal.ITIMER_PROF, seconds)  # nobody handles SIGPROF


def die() -> None:
    """At once."""
    os.kill(os.getpid(), signal.SIGKILL)
