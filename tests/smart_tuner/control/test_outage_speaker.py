"""What is said of a database that is away."""

import pytest

from smart_tuner.control.outage import OutageSpeaker


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def speaker(clock: list[float], said: list[str]) -> OutageSpeaker:
    return OutageSpeaker(said.append, lambda: clock[0])


def test_one_that_goes_and_comes_back(
    speaker: OutageSpeaker, clock: list[float], said: list[str]
) -> None:
    for clock[0] in (0.0, 100.0):
        speaker.away(OSError("gone\nand more"), trainers=2)("back")
        speaker.back()
    assert said == ["the database is away; trainers go on (gone)", "back"] * 2


def test_one_that_flickers_is_told_now_and_then(
    speaker: OutageSpeaker, clock: list[float], said: list[str]
) -> None:
    for second in range(70):
        clock[0] = float(second)
        speaker.away(OSError("disk is full"), trainers=0)("back")
        speaker.back()
    assert said == [
        "the database is away (disk is full)",
        "back",
        "the database is still away (disk is full)",
        "the database is still away (disk is full)",
    ]
