"""What a sink process hears from its controller, through its standard input."""

import os
import threading
from collections.abc import Callable
from enum import Enum

_CHUNK = 65_536
FINISH = "finish"
"""The line that asks for all that is left, and for the end."""


class Order(Enum):
    """What is to be done next."""

    GO_ON = "go on"
    FINISH = "finish"
    """The study has ended, or stops: send what is left, and leave."""
    GONE = "gone"
    """The controller is no more: leave soon."""


class Orders:
    """Lines from a pipe whose other end a controller holds: at its death, however, it closes.

    Args:
        on_gone: called in another thread when it has closed.
        descriptor: of the reading end.
    """

    def __init__(self, on_gone: Callable[[], None], descriptor: int = 0) -> None:
        self._on_gone, self._descriptor = on_gone, descriptor
        self._order = Order.GO_ON
        self._data = b""
        self._news = threading.Event()

    def first_line(self) -> str:
        """Wait for the first line, which is no order, then listen for those."""
        while b"\n" not in self._data and (data := os.read(self._descriptor, _CHUNK)):
            self._data += data
        line, _, self._data = self._data.partition(b"\n")
        threading.Thread(target=self._listen, daemon=True).start()
        return line.decode()

    def wait(self, seconds: float) -> Order:
        """The order that holds now; waits so long for another one where it is to go on."""
        self._news.wait(seconds)
        return self._order

    def _listen(self) -> None:
        self._hear(b"")
        while data := os.read(self._descriptor, _CHUNK):
            self._hear(data)
        if self._order is Order.GO_ON:
            self._say(Order.GONE)
        self._on_gone()

    def _hear(self, data: bytes) -> None:
        self._data += data
        if FINISH.encode() in self._data:
            self._say(Order.FINISH)

    def _say(self, order: Order) -> None:
        self._order = order
        self._news.set()
