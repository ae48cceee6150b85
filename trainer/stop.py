"""When to leave before the last step: a signal, or a lease that has run out."""

import signal
import time
from pathlib import Path
from types import FrameType


class StoppedEarly(Exception):  # noqa: N818 - no error: somebody asked for it
    """Training was asked to stop before its first step; there is nothing to keep."""


class StopRequest:
    """Asked at every step; ``reason`` is None as long as training should go on."""

    def __init__(self, lease: Path, lease_seconds: float) -> None:
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._signal: str | None = None

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as a polite request from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    @property
    def reason(self) -> str | None:
        """Why to stop, or None."""
        if self._signal:
            return f"stopped by {self._signal}"
        if self._lease_seconds and self._lease_age() > self._lease_seconds:
            return f"nobody renewed the lease for {self._lease_seconds:g} s"
        return None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = signal.Signals(number).name

    def _lease_age(self) -> float:
        try:
            return time.time() - self._lease.stat().st_mtime
        except FileNotFoundError:
            return float("inf")
