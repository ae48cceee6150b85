"""What repositories write together: all of it or nothing, and nobody else's."""
# ruff: noqa: PT012  (where in a transaction it breaks is the matter)

import math
import threading
from contextlib import suppress

import pytest
from sqlalchemy.exc import IntegrityError

from storage.attempts import Attempts
from storage.database import Database, open_database
from storage.errors import StudyExistsError
from storage.events import Events
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    EventRecord,
    ProgressRecord,
    StudyRecord,
    TrialRecord,
    TrialState,
)
from storage.studies import Studies
from storage.tables import TrialRow
from storage.trials import Trials


class BrokenError(Exception):
    """Something went wrong half-way."""


def _begin_trial(database: Database, study: str) -> None:
    """What a controller writes when a trial begins, each part by its own repository."""
    trials = Trials(database)
    trials.insert(TrialRecord(study=study, number=0, state=TrialState.QUEUED))
    assert trials.move(study, 0, TrialState.STARTING, held_by=None, controller="a")
    attempt = AttemptRecord(study=study, number=0, attempt=1, controller="a", host="h")
    Attempts(database).begin(attempt)
    Progress(database).upsert(ProgressRecord(study=study, number=0))
    Events(database).append([EventRecord(study=study, kind="began", number=0)])
    Studies(database).update(study, trials_target=7)


def _found(database: Database, study: str) -> tuple[int, ...]:
    after = Studies(database).get(study)
    assert after is not None
    return (
        len(Trials(database).list_of(study)),
        len(Attempts(database).list_of(study)),
        len(Progress(database).list_of(study)),
        len(Events(database).list_of(study)),
        after.trials_target or 0,
    )


def test_stored_whole(database: Database, study: str) -> None:
    with database.transaction():
        _begin_trial(database, study)

    assert _found(database, study) == (1, 1, 1, 1, 7)
    trial = Trials(database).get(study, 0)
    assert trial is not None
    assert (trial.state, trial.controller) == (TrialState.STARTING, "a")


def test_rolled_back_whole(database: Database, study: str) -> None:
    with pytest.raises(BrokenError), database.transaction():
        _begin_trial(database, study)
        raise BrokenError

    assert _found(database, study) == (0, 0, 0, 0, 0)
    _begin_trial(database, study)  # and the next are transactions of their own again
    assert _found(database, study) == (1, 1, 1, 1, 7)


def test_one_within_another_is_a_part_of_it(database: Database, study: str) -> None:
    with pytest.raises(BrokenError), database.transaction():
        with database.transaction(), database.session() as inner:
            _begin_trial(database, study)
        with database.session() as outer:
            assert outer is inner
        assert _found(database, study) == (1, 1, 1, 1, 7)  # it sees what it has written
        raise BrokenError

    assert _found(database, study) == (0, 0, 0, 0, 0)


def test_nothing_is_seen_from_outside_before_the_end(
    database: Database, database_url: str, study: str
) -> None:
    with open_database(database_url) as other:
        with database.transaction():
            _begin_trial(database, study)
            assert _found(other, study) == (0, 0, 0, 0, 0)

        assert _found(other, study) == (1, 1, 1, 1, 7)


def test_other_threads_are_no_part_of_it(database: Database, study: str) -> None:
    seen: list[tuple[int, ...]] = []

    def look() -> None:
        seen.append(_found(database, study))

    with database.transaction():
        _begin_trial(database, study)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(timeout=20)

    assert seen == [(0, 0, 0, 0, 0)]


def test_a_thread_ends_only_its_own(database: Database, study: str) -> None:
    began, failed = threading.Event(), threading.Event()

    def fail() -> None:
        with pytest.raises(BrokenError), database.transaction():
            Trials(database).list_of(study)
            began.set()
            raise BrokenError
        failed.set()

    thread = threading.Thread(target=fail)
    with database.transaction():
        _begin_trial(database, study)
        thread.start()
        assert began.wait(20)
        assert failed.wait(20)
    thread.join(timeout=20)

    assert _found(database, study) == (1, 1, 1, 1, 7)


def test_what_fails_fails_in_its_own_call(database: Database, study: str) -> None:
    with pytest.raises(StudyExistsError), database.transaction():
        Events(database).append([EventRecord(study=study, kind="before")])
        Studies(database).create(StudyRecord(name=study))
        pytest.fail("the study that is there already was passed over")

    assert Events(database).list_of(study) == []


def test_a_failure_that_is_passed_over_fails_the_whole(database: Database, study: str) -> None:
    """The database may have rolled back what came before: it must not look stored."""
    with pytest.raises(IntegrityError), database.transaction():
        Events(database).append([EventRecord(study=study, kind="before")])
        with suppress(IntegrityError):
            Trials(database).insert(TrialRecord(study="nowhere", number=0))

    assert Events(database).list_of(study) == []


def test_a_part_that_is_passed_over_fails_the_whole(database: Database, study: str) -> None:
    with pytest.raises(BrokenError), database.transaction():
        Events(database).append([EventRecord(study=study, kind="before")])
        with suppress(BrokenError), database.transaction():
            raise BrokenError

    assert Events(database).list_of(study) == []


def test_an_empty_one_is_nothing(database: Database, study: str) -> None:
    with database.transaction():
        pass

    assert _found(database, study) == (0, 0, 0, 0, 0)


def test_read_within_as_from_outside(database: Database, study: str) -> None:
    trials = Trials(database)
    trials.insert(TrialRecord(study=study, number=0))
    with database.session() as session:
        row = session.get(TrialRow, (study, 0))  # held, so that the session remembers it
        assert row is not None
        assert trials.move(
            study, 0, TrialState.COMPLETE, held_by=None,
            value=math.nan, values=[1.0, 2.0], evidence={"loss": (math.inf,)}, controller="a",
        )  # fmt: skip
        within = trials.get(study, 0)
        assert trials.list_of(study) == [within]

    assert within == trials.get(study, 0)
    assert within is not None
    assert (within.state, within.value, within.values) == (TrialState.COMPLETE, None, (1.0, 2.0))
