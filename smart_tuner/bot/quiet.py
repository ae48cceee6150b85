"""Quiet hours: alerts come, and make no sound."""

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOURS = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?")


def parse_hours(text: str) -> str | None:
    """``23-8`` or ``23:00-08:30`` as it is kept; ``None``: no hours."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    hours = [int(one or 0) for one in found.groups()]
    try:
        first, last = time(hours[0] % 24, hours[1]), time(hours[2] % 24, hours[3])
    except ValueError:
        return None
    return None if first == last or max(hours[0], hours[2]) > 24 else f"{first:%H:%M}-{last:%H:%M}"


def parse_zone(name: str) -> str | None:
    """A time zone by its name, such as ``Europe/Moscow``; ``None``: there is none."""
    try:
        return ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_quiet(hours: str | None, zone: str | None, now: datetime) -> bool:
    """Whether ``now`` (time zone aware) lies within the quiet hours of a chat."""
    if hours is None:
        return False
    first, _, last = hours.partition("-")
    here = now.astimezone(ZoneInfo(zone) if zone else None)
    clock = f"{here:%H:%M}"
    return first <= clock < last if first < last else clock >= first or clock < last
