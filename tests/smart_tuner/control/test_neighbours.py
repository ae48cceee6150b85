"""Which other controllers are gone: by their own clock, by no other's."""

import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from smart_tuner.control.neighbours import FENCED_AFTER_SECONDS, Neighbours
from smart_tuner.launch.trainer_process import LEASE_SECONDS, STOP_GRACE_SECONDS
from storage.controller_process import LOST_AFTER_SECONDS
from storage.records import ControllerRecord

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ME = ControllerRecord(id="me", study="s", host="elsewhere", pid=1, process_started_at=0.0)
HERE = ControllerRecord(
    id="here",
    study="s",
    host=socket.gethostname(),
    pid=os.getpid(),
    process_started_at=psutil.Process().create_time(),
    heartbeat_at=NOON,
)
THERE = replace(HERE, id="there", host="elsewhere", process_started_at=1.0)


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def neighbours(clock: Clock) -> Neighbours:
    return Neighbours("me", clock)


def watch(neighbours: Neighbours, clock: Clock, seconds: float, *others: ControllerRecord) -> None:
    """Look once a second."""
    for _ in range(round(seconds)):
        clock.now += 1.0
        neighbours.observe([ME, *others])


def test_there_is_nobody_else(neighbours: Neighbours) -> None:
    neighbours.observe([ME])
    assert neighbours.gone == set()
    assert not neighbours.has_left("me")
    assert neighbours.has_left("somebody who said good-bye")


@pytest.mark.parametrize(
    ("other", "seconds"), [(HERE, LOST_AFTER_SECONDS), (THERE, FENCED_AFTER_SECONDS)]
)
def test_who_is_silent_for_too_long_is_gone(
    other: ControllerRecord, seconds: float, neighbours: Neighbours, clock: Clock
) -> None:
    neighbours.observe([ME, other])
    watch(neighbours, clock, seconds, other)
    assert neighbours.gone == set()
    assert not neighbours.has_left(other.id)
    watch(neighbours, clock, 1, other)
    assert neighbours.gone == {other.id}
    assert neighbours.has_left(other.id)


def test_on_another_machine_its_trainers_must_have_left_before() -> None:
    """Each when its lease has run out; nobody here can look whether it has."""
    assert FENCED_AFTER_SECONDS > LEASE_SECONDS + STOP_GRACE_SECONDS


@pytest.mark.parametrize("other", [HERE, THERE], ids=["here", "there"])
def test_who_is_heard_again_is_back(
    other: ControllerRecord, neighbours: Neighbours, clock: Clock
) -> None:
    neighbours.observe([other])
    watch(neighbours, clock, FENCED_AFTER_SECONDS + 1, other)
    assert neighbours.gone
    heard = replace(other, heartbeat_at=NOON + timedelta(seconds=1))
    watch(neighbours, clock, 1, heard)
    assert neighbours.gone == set()


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_is_set_buries_nobody(
    hours: int, neighbours: Neighbours, clock: Clock
) -> None:
    """Times of the heartbeats jump; that they change is all that counts."""
    at = NOON
    for second in range(200):
        at += timedelta(hours=hours) if second == 100 else timedelta(seconds=2)
        watch(neighbours, clock, 2, replace(THERE, heartbeat_at=at))
        assert neighbours.gone == set()


@pytest.mark.parametrize("other", [HERE, THERE], ids=["here", "there"])
def test_nobody_is_buried_for_what_was_not_watched(
    other: ControllerRecord, neighbours: Neighbours, clock: Clock
) -> None:
    """The database was away for an hour, for the other one too; or this process slept."""
    neighbours.observe([other])
    watch(neighbours, clock, 10, other)
    clock.now += 3600
    neighbours.observe([other])
    assert neighbours.gone == set()
    heard = replace(other, heartbeat_at=NOON + timedelta(hours=1))
    watch(neighbours, clock, 1, heard)
    assert neighbours.gone == set()


@pytest.mark.parametrize(
    "dead",
    [replace(HERE, pid=2**22 + 1), replace(HERE, process_started_at=1.0)],
    ids=["no such process", "its number is another's now"],
)
def test_whose_process_here_has_ended_is_gone_at_once(
    dead: ControllerRecord, neighbours: Neighbours
) -> None:
    neighbours.observe([ME, dead, THERE])
    assert neighbours.gone == {"here"}


def test_who_says_that_it_leaves_is_no_neighbour(neighbours: Neighbours, clock: Clock) -> None:
    neighbours.observe([HERE, THERE])
    watch(neighbours, clock, 1, THERE)
    assert neighbours.has_left("here")
    assert neighbours.gone == set()
