import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage.attempts import Attempts
from storage.database import Database
from storage.records import AttemptRecord, StudyRecord, TrialRecord
from storage.studies import Studies
from storage.trials import Trials

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def study(database: Database) -> str:
    """A study with two trials, beside another with one."""
    for name, trials in (("demo", 2), ("other", 1)):
        Studies(database).create(StudyRecord(name=name))
        for number in range(trials):
            Trials(database).insert(TrialRecord(study=name, number=number))
    return "demo"


def _attempt(number: int, attempt: int, hours: float | None = None, **fields: Any) -> AttemptRecord:
    """One that began at noon; over after ``hours``, running where they are ``None``."""
    known = {"controller": "c", "host": "h", "began_at": NOON, "seen_at": NOON}
    if hours is not None:
        known["ended_at"] = NOON + timedelta(hours=hours)
    return AttemptRecord(
        **{"study": "demo", "number": number, "attempt": attempt, **known, **fields}
    )


def _begin(database: Database, *attempts: AttemptRecord) -> Attempts:
    for attempt in attempts:
        Attempts(database).begin(attempt)
    return Attempts(database)


def test_comes_back_as_it_was(database: Database, study: str) -> None:
    attempt = AttemptRecord(
        study=study,
        number=1,
        attempt=2,
        controller="a" * 32,
        host="gpu-7",
        pid=123,
        process_started_at=1767355200.25,
        slot="gpu 0, 1",
        gpus=2,
        overrides={"micro_batch_size": 4, "loss_scale": math.inf},
        first_step=100,
        last_step=250,
        checkpoint="checkpoints/голос-250.pt",
        began_at=NOON,
        seen_at=NOON + timedelta(seconds=1.5),
        ended_at=NOON + timedelta(seconds=2.25),
        exit_code=-9,
        cause="crashed",
    )

    attempts = _begin(database, attempt)

    assert attempts.list_of(study) == [attempt]
    assert attempt.seconds == 2.25


def test_an_attempt_needs_its_trial_and_its_own_number(database: Database, study: str) -> None:
    attempts = _begin(database, _attempt(0, 1))

    for wrong in (_attempt(7, 1), _attempt(0, 1)):
        with pytest.raises(IntegrityError):
            attempts.begin(wrong)


def test_update_changes_what_it_names(database: Database, study: str) -> None:
    attempts = _begin(database, _attempt(0, 1, slot="gpu 0"), _attempt(0, 2), _attempt(1, 1))
    ended = NOON + timedelta(hours=1)

    assert attempts.update(study, 0, 1, ended_at=ended, exit_code=0, cause="finished", last_step=9)
    assert not attempts.update(study, 0, 3, cause="finished")

    first, *others = attempts.list_of(study)
    assert (first.ended_at, first.exit_code, first.cause) == (ended, 0, "finished")
    assert (first.last_step, first.slot) == (9, "gpu 0")
    assert {other.cause for other in others} == {None}


def test_in_their_order(database: Database, study: str) -> None:
    places = [(1, 2), (0, 1), (1, 10), (1, 1)]
    attempts = _begin(database, *(_attempt(*place) for place in places))
    attempts.begin(_attempt(0, 1, study="other"))

    found = [(each.number, each.attempt) for each in attempts.list_of(study)]
    assert found == [(0, 1), (1, 1), (1, 2), (1, 10)]
    assert [each.attempt for each in attempts.list_of(study, 1)] == [1, 2, 10]
    newest = attempts.newest(study, 1)
    assert newest is not None
    assert newest.attempt == 10
    assert attempts.newest(study, 7) is None


def test_open_are_those_whose_end_nobody_saw(database: Database, study: str) -> None:
    attempts = _begin(
        database,
        _attempt(0, 1, hours=1),
        _attempt(1, 1, hours=0),
        _attempt(1, 2),
        _attempt(0, 1, study="other"),
    )

    assert [(each.number, each.attempt) for each in attempts.open_of(study)] == [(1, 2)]


def test_counted_by_cause(database: Database, study: str) -> None:
    causes = ["crashed", "stopped", "crashed", "out_of_memory", None]
    attempts = _begin(
        database,
        *(_attempt(0, place + 1, cause=cause) for place, cause in enumerate(causes)),
        _attempt(1, 1, cause="crashed"),
    )

    assert attempts.count(study, 0, ("crashed",)) == 2
    assert attempts.count(study, 0, ("crashed", "out_of_memory")) == 3
    assert attempts.count(study, 0, ()) == 0


@pytest.mark.parametrize(
    ("attempts", "hours"),
    [
        ([], 0.0),
        ([_attempt(0, 1, hours=2)], 2.0),
        ([_attempt(0, 1, hours=2, gpus=1)], 2.0),
        ([_attempt(0, 1, hours=2, gpus=4)], 8.0),
        ([_attempt(0, 1, hours=0.5, cause="crashed", exit_code=-9)], 0.5),
        # one that runs, or of which nobody saw the end, counts until it was last seen
        ([_attempt(0, 1, seen_at=NOON + timedelta(hours=3), gpus=2)], 6.0),
        # one that has ended, until its end, whenever it was last seen
        ([_attempt(0, 1, hours=1, seen_at=NOON + timedelta(hours=3))], 1.0),
        ([_attempt(0, 1, hours=-1), _attempt(0, 2, hours=1)], 1.0),  # a clock was set back
        (
            [
                _attempt(0, 1, hours=1),
                _attempt(0, 2, hours=0.25, gpus=2),
                _attempt(1, 1, hours=2, gpus=8),
                _attempt(0, 1, hours=100, study="other"),
            ],
            17.5,
        ),
    ],
)
def test_trainer_hours(
    database: Database, study: str, attempts: list[AttemptRecord], hours: float
) -> None:
    assert _begin(database, *attempts).trainer_hours(study) == pytest.approx(hours)


def test_running_ones_cost_as_they_are_seen(database: Database, study: str) -> None:
    attempts = _begin(database, _attempt(0, 1, gpus=2))
    assert attempts.trainer_hours(study) == 0.0

    attempts.update(study, 0, 1, seen_at=NOON + timedelta(minutes=30))
    assert attempts.trainer_hours(study) == pytest.approx(1.0)

    attempts.update(study, 0, 1, ended_at=NOON + timedelta(minutes=45))
    assert attempts.trainer_hours(study) == pytest.approx(1.5)
