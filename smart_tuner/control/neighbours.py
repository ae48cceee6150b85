"""The other controllers of a study: which of them are gone, whatever the clocks say."""

import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from smart_tuner.launch.trainer_process import LEASE_SECONDS, STOP_GRACE_SECONDS
from storage.controller_process import LOST_AFTER_SECONDS, process_is_gone
from storage.records import ControllerRecord

FENCED_AFTER_SECONDS = LEASE_SECONDS + STOP_GRACE_SECONDS + LOST_AFTER_SECONDS
"""A controller on another machine has been silent for so long: by now its trainers have left,
each when its lease had run out, and no longer write into their run directories."""
_GAP_SECONDS = 5.0
"""Between two looks no more is counted: while the database was away, or this process slept, the
others' hearts may have beaten unseen."""


@dataclass
class _Heard:
    heartbeat_at: datetime
    silent_seconds: float = 0.0
    """For so long this controller has looked, and seen no other heartbeat."""


class Neighbours:
    """Watches heartbeats change; compares no clock with another machine's, or with a set one.

    Args:
        me: the controller that asks.
        monotonic: the clock, in seconds.
    """

    def __init__(self, me: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._me, self._monotonic = me, monotonic
        self._looked_at = monotonic()
        self._heard: dict[str, _Heard] = {}
        self._present: dict[str, ControllerRecord] = {}

    def observe(self, controllers: Iterable[ControllerRecord]) -> None:
        """Look at the controllers that have not said that they leave."""
        before, self._looked_at = self._looked_at, self._monotonic()
        passed = min(_GAP_SECONDS, self._looked_at - before)
        self._present = {one.id: one for one in controllers if one.id != self._me}
        for one in self._present.values():
            heard = self._heard.get(one.id)
            if heard is not None and heard.heartbeat_at == one.heartbeat_at:
                heard.silent_seconds += passed
            else:
                self._heard[one.id] = _Heard(one.heartbeat_at)

    @property
    def gone(self) -> set[str]:
        """Those that died without a word: what they had may be taken over."""
        return {one.id for one in self._present.values() if self._is_gone(one)}

    def has_left(self, controller: str) -> bool:
        """Whether a controller has said that it leaves, or died."""
        if controller == self._me:
            return False
        return controller not in self._present or controller in self.gone

    def _is_gone(self, one: ControllerRecord) -> bool:
        silent = self._heard[one.id].silent_seconds
        if one.host == socket.gethostname():
            return process_is_gone(one) or silent > LOST_AFTER_SECONDS
        return silent > FENCED_AFTER_SECONDS
