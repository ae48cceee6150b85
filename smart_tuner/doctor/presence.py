"""Which controllers of a study are there, as far as one look or two can tell."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from smart_tuner.control.neighbours import FENCED_AFTER_SECONDS
from storage.controller_process import LOST_AFTER_SECONDS, process_is_gone
from storage.records import ControllerRecord


class Presence(Enum):
    """Of a controller that has not said that it leaves."""

    ALIVE = "alive"
    SILENT = "silent"
    """Its process is there, or may be; whoever shares the study takes over what it has."""
    GONE = "gone"


def presences(
    controllers: Iterable[ControllerRecord],
    now: datetime,
    host: str,
    before: Mapping[str, datetime],
) -> dict[str, Presence]:
    """The presence of each by its id.

    Args:
        controllers: those that have not said that they leave.
        now: the time, by this machine's clock.
        host: this machine.
        before: heartbeats at the look before, by the controller's id: one that has changed since
            is a sign of life whatever the clocks say.
    """
    return {one.id: _presence(one, now, host, before.get(one.id)) for one in controllers}


def _presence(one: ControllerRecord, now: datetime, host: str, heard: datetime | None) -> Presence:
    if one.host == host and process_is_gone(one):
        return Presence.GONE
    if heard is not None and heard != one.heartbeat_at:
        return Presence.ALIVE
    silent = (now - one.heartbeat_at).total_seconds()
    if one.host != host and silent > FENCED_AFTER_SECONDS:
        return Presence.GONE
    return Presence.SILENT if silent > LOST_AFTER_SECONDS else Presence.ALIVE
