"""Which process runs a study, and whether it is still there."""

import os
import socket
from datetime import datetime
from typing import NamedTuple

import psutil

from storage.records import StudyRecord, StudyState

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


def heartbeat_age_seconds(study: StudyRecord, now: datetime) -> float | None:
    """Seconds since the last heartbeat, never negative; ``None`` before the first."""
    if study.heartbeat_at is None:
        return None
    return max(0.0, (now - study.heartbeat_at).total_seconds())


def is_lost(study: StudyRecord, now: datetime) -> bool:
    """Whether a study that should be running has nobody who runs it."""
    if study.state not in (StudyState.RUNNING, StudyState.PAUSED):
        return False
    sign_of_life = study.heartbeat_at or study.created_at
    if (now - sign_of_life).total_seconds() > LOST_AFTER_SECONDS:
        return True
    return _is_gone(study)


def _is_gone(study: StudyRecord) -> bool:
    """Whether the controller was on this machine and has ended."""
    if study.controller_host != socket.gethostname() or study.controller_pid is None:
        return False
    try:
        process = psutil.Process(study.controller_pid)
        started_at = process.create_time()
        dead = process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False  # another user's, hidden: it is there
    expected = study.controller_started_at
    reused = expected is not None and abs(started_at - expected) > _START_TOLERANCE_SECONDS
    return dead or reused
