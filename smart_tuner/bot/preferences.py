"""What a chat may choose, as people type it or press it."""

from datetime import datetime, timedelta
from typing import Any

from smart_tuner.bot.quiet import parse_hours, parse_zone
from smart_tuner.bot.texts.preferences import SEVERITIES
from smart_tuner.config.durations import parse_duration
from storage.bot_chats import BotChatFields

OFF = "off"
_LONGEST_MUTE = timedelta(days=365)
_MOST_STEPS = 10**9


def change(setting: str, value: str, now: datetime) -> BotChatFields | None:
    """What of a chat changes; ``None``: there is no such setting, or no such value of it."""
    text = value.strip()
    off = text.lower() == OFF
    match setting:
        case "alerts" if text in SEVERITIES:
            return {"severity": text}
        case "mute":
            return {"muted_until": None} if off else _mute(text, now)
        case "quiet":
            return {"quiet": None} if off else _known("quiet", parse_hours(text))
        case "zone":
            return {"time_zone": None} if off else _known("time_zone", parse_zone(text))
        case "report" if off:
            return {"report_every": None}
        case "report" if text.isdecimal() and 0 < int(text) <= _MOST_STEPS:
            return {"report_every": int(text)}
        case _:
            return None


def _mute(text: str, now: datetime) -> BotChatFields | None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return None
    return {"muted_until": now + min(timedelta(seconds=min(seconds, 1e9)), _LONGEST_MUTE)}


def _known(name: str, value: str | None) -> Any:
    return None if value is None else {name: value}
