"""Quiet hours, time zones and what else a chat chooses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smart_tuner.bot.preferences import change
from smart_tuner.bot.quiet import is_quiet, parse_hours, parse_zone
from smart_tuner.bot.routers.arguments import study_name, trial_and_study

NOW = datetime(2026, 5, 1, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("23-8", "23:00-08:00"),
        ("23:30 – 08:15", "23:30-08:15"),
        ("0-24", None),
        ("22-24", "22:00-00:00"),
        ("5-5", None),
        ("25-3", None),
        ("5:99-7", None),
        ("night", None),
    ],
)
def test_hours_as_people_write_them(text: str, hours: str | None) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    ("hours", "zone", "quiet"),
    [
        (None, None, False),
        ("21:00-22:00", "UTC", True),
        ("22:00-23:00", "UTC", False),
        ("23:00-08:00", "Europe/Moscow", True),
        ("23:00-08:00", "America/New_York", False),
        ("21:30-21:31", "UTC", True),
        ("21:29-21:30", "UTC", False),
    ],
)
def test_quiet_hours_are_those_of_the_chat(
    hours: str | None, zone: str | None, quiet: bool
) -> None:
    assert is_quiet(hours, zone, NOW) is quiet


def test_zones_by_name() -> None:
    assert parse_zone("Europe/Moscow") == "Europe/Moscow"
    for wrong in ("Moscow time", "../../etc/passwd", "", "/etc/localtime"):
        assert parse_zone(wrong) is None


@pytest.mark.parametrize(
    ("setting", "value", "fields"),
    [
        ("alerts", "critical", {"severity": "critical"}),
        ("alerts", "nonsense", None),
        ("mute", "1h30m", {"muted_until": NOW + timedelta(minutes=90)}),
        ("mute", "99999999d", {"muted_until": NOW + timedelta(days=365)}),
        ("mute", "off", {"muted_until": None}),
        ("mute", "soon", None),
        ("quiet", "OFF", {"quiet": None}),
        ("quiet", "23-8", {"quiet": "23:00-08:00"}),
        ("quiet", "x", None),
        ("zone", "Europe/Moscow", {"time_zone": "Europe/Moscow"}),
        ("report", "1000", {"report_every": 1000}),
        ("report", "0", None),
        ("report", "²", None),
        ("colour", "red", None),
    ],
)
def test_settings(setting: str, value: str, fields: dict[str, Any] | None) -> None:
    assert change(setting, value, NOW) == fields


def test_what_stands_behind_a_command() -> None:
    assert study_name(None) is None
    assert study_name("  my study ") == "my study"
    assert trial_and_study("3") == (3, None)
    assert trial_and_study("#12 my study") == (12, "my study")
    assert trial_and_study("my study") == (None, "my study")
    assert trial_and_study(None) == (None, None)
