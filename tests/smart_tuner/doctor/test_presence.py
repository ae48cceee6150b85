import os
from datetime import timedelta
from typing import Any

import psutil
import pytest

from smart_tuner.doctor.presence import Presence, presences
from storage.clock import utc_now
from storage.records import ControllerRecord

NOW = utc_now()


def controller(seconds: float = 0.0, **fields: Any) -> ControllerRecord:
    """One in this process, whose heart beat so long ago."""
    started = psutil.Process().create_time()
    return ControllerRecord(
        **{"id": "a", "study": "demo", "host": "here", "pid": os.getpid(),
           "process_started_at": started, "heartbeat_at": NOW - timedelta(seconds=seconds),
           **fields}
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "here")


@pytest.mark.parametrize(
    ("one", "presence"),
    [
        (controller(3), Presence.ALIVE),
        (controller(31), Presence.SILENT),
        (controller(3, process_started_at=1.0), Presence.GONE),
        (controller(3, host="there"), Presence.ALIVE),
        (controller(31, host="there"), Presence.SILENT),
        (controller(121, host="there"), Presence.GONE),
        (controller(-600, host="there"), Presence.ALIVE),
    ],
)
def test_at_one_look(one: ControllerRecord, presence: Presence) -> None:
    assert presences([one], NOW, "here", {}) == {"a": presence}


def test_a_heart_that_beats_is_alive_whatever_the_clocks_say() -> None:
    one = controller(600, host="there")
    before = {"a": one.heartbeat_at - timedelta(seconds=2)}
    assert presences([one], NOW, "here", before) == {"a": Presence.ALIVE}
    assert presences([one], NOW, "here", {"a": one.heartbeat_at}) == {"a": Presence.GONE}
