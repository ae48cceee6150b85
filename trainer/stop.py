"""When to leave before the last step: a signal, or a lease that has run out."""

import signal
import time
from pathlib import Path
from types import FrameType


class StoppedEarly(Exception):  # noqa: N818 - no error: somebody asked for it
    """Training was asked to stop before its first step; there is nothing to keep."""


class Lease:
    """Somebody watches as long as the file's modification time changes, to whatever it is.

    How long it has not changed is told by a clock that nobody sets: a jump of the system's time
    ends no training, nor does the sleep of a laptop.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        """A full lease of ``seconds`` from now on, be the file there or not."""
        self._path, self._seconds = path, seconds
        self._renewal, self._seen_at = self._modified_ns(), time.monotonic()

    @property
    def has_run_out(self) -> bool:
        """Whether nobody has renewed it for too long, or took it away."""
        renewal, now = self._modified_ns(), time.monotonic()
        if renewal is None and self._renewal is not None:
            return True
        if renewal != self._renewal:
            self._renewal, self._seen_at = renewal, now
        return now - self._seen_at > self._seconds

    def _modified_ns(self) -> int | None:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None


class StopRequest:
    """Asked at every step; ``reason`` is None as long as training should go on."""

    def __init__(self, lease: Path, lease_seconds: float) -> None:
        """``lease_seconds``: how long nobody need renew ``lease``; 0: for ever."""
        self._lease = Lease(lease, lease_seconds) if lease_seconds else None
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
        if self._lease is not None and self._lease.has_run_out:
            return f"nobody renewed the lease for {self._lease_seconds:g} s"
        return None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = signal.Signals(number).name
