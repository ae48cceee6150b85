"""Which process runs a study, and whether it is still there."""

import os
import socket
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import psutil

from storage.records import ControllerRecord, StudyRecord, StudyState

LOST_AFTER_SECONDS = 30.0
"""A controller that has not renewed its heartbeat for so long is taken for dead."""
_START_TOLERANCE_SECONDS = 2.0
"""Start times are derived from the system clock, which may have been set meanwhile."""


class ControllerProcess(NamedTuple):
    """One process on one machine; a pid alone would be reused."""

    host: str
    pid: int
    started_at: float
    """Unix seconds."""


def this_process() -> ControllerProcess:
    """The present process."""
    return ControllerProcess(socket.gethostname(), os.getpid(), psutil.Process().create_time())


def heartbeat_age_seconds(controllers: Iterable[ControllerRecord], now: datetime) -> float | None:
    """Seconds since the last heartbeat of any, never negative; ``None`` without controllers."""
    beats = [controller.heartbeat_at for controller in controllers]
    return max(0.0, (now - max(beats)).total_seconds()) if beats else None


def is_lost(study: StudyRecord, controllers: Iterable[ControllerRecord], now: datetime) -> bool:
    """Whether a study that should be running has nobody who runs it.

    One that is paused waits for a person, and may do so without a controller.
    """
    known = list(controllers)
    rests = study.state is StudyState.PAUSED and known and all(one.left_at for one in known)
    if rests or not study.state.controlled:
        return False
    if not known:
        return (now - study.created_at).total_seconds() > LOST_AFTER_SECONDS
    return all(is_gone(one, now) for one in known)


def is_gone(controller: ControllerRecord, now: datetime) -> bool:
    """Whether the controller has left, is silent for too long, or its process is gone."""
    if controller.left_at is not None:
        return True
    silent = (now - controller.heartbeat_at).total_seconds() > LOST_AFTER_SECONDS
    return silent or process_is_gone(controller)


def process_is_gone(controller: ControllerRecord) -> bool:
    """Whether the controller was on this machine and has ended; of others nobody here knows."""
    return has_ended(
        ControllerProcess(controller.host, controller.pid, controller.process_started_at)
    )


def has_ended(process: ControllerProcess) -> bool:
    """Whether ``process`` was on this machine and has ended; of others nobody here knows."""
    if process.host != socket.gethostname():
        return False
    try:
        found = psutil.Process(process.pid)
        started_at = found.create_time()
        dead = found.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False  # another user's, hidden: it is there
    return dead or abs(started_at - process.started_at) > _START_TOLERANCE_SECONDS
