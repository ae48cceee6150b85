"""Ctrl-C and SIGTERM: once is a polite request, twice is an order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StopSwitch:
    """Counts the requests to stop; also set by a timeout or a command."""

    def __init__(self) -> None:
        self.requests = 0
        self.by_timeout = False
        """Whether the study's own timeout asked: then stopping is what was wanted."""

    @property
    def requested(self) -> bool:
        """Whether to stop with checkpoints."""
        return self.requests > 0

    @property
    def at_once(self) -> bool:
        """Whether to stop without waiting."""
        return self.requests > 1

    def request(self) -> None:
        """Ask politely; further polite requests change nothing."""
        self.requests = max(1, self.requests)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count SIGINT and SIGTERM while the block runs; the old handlers are put back.

        Signals come to the main thread alone: in another one nothing is counted.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
        for number in numbers:
            signal.signal(number, self._count)
        try:
            yield
        finally:
            for before_number, handler in before.items():
                signal.signal(before_number, handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.requests += 1
