"""A database server that goes away and comes back, under a database that stays open."""
# ruff: noqa: PT012  (where in a transaction it breaks is the matter)

import time
from collections.abc import Iterator
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError

from storage.controllers import Controllers
from storage.database import Database, open_database
from storage.engine import CONNECT_TIMEOUT_SECONDS
from storage.errors import StorageError, StorageUnavailableError
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import ControllerRecord, EventRecord, StudyRecord, TrialRecord, TrialState
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials

CONTROLLER = ControllerRecord(
    id="a", study="demo", host="another-host", pid=1, process_started_at=1.0
)


@pytest.fixture
def server(restartable_postgresql: Any) -> Any:
    return restartable_postgresql


@pytest.fixture
def database(server: Any) -> Iterator[Database]:
    """A study with a trial, in a database that stays open."""
    with open_database(server.create()) as database:
        Studies(database).create(StudyRecord(name="demo"))
        Controllers(database).enter(CONTROLLER)
        Trials(database).insert(TrialRecord(study="demo", number=0, controller="a"))
        yield database


def test_away_is_said_at_once(database: Database, server: Any) -> None:
    server.stop()

    calls = [
        lambda: read(database, "demo"),
        lambda: Controllers(database).beat("a", None, 1),
        lambda: Trials(database).move("demo", 0, TrialState.COMPLETE, held_by="a"),
        lambda: Events(database).append([EventRecord(study="demo", kind="lost")]),
        lambda: open_database(database.url.render_as_string(hide_password=False)),
        lambda: optuna_storage(database),
    ]
    for call in calls:
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError, match="check that the server runs") as caught:
            call()
        assert "\n" not in str(caught.value)
        assert time.monotonic() - began < CONNECT_TIMEOUT_SECONDS


def test_back_again_without_being_reopened(database: Database, server: Any) -> None:
    for number in (1, 2):
        server.stop()
        with pytest.raises(StorageError):
            Trials(database).list_of("demo")
        server.start()

        assert Controllers(database).beat("a", None, 1)
        Trials(database).insert(TrialRecord(study="demo", number=number))

    assert [trial.number for trial in Trials(database).list_of("demo")] == [0, 1, 2]


def test_a_restart_that_nobody_noticed(database: Database, server: Any) -> None:
    server.stop()
    server.start()

    assert Trials(database).move("demo", 0, TrialState.COMPLETE, held_by="a", value=0.5)
    assert read(database, "demo").counts.complete == 1


def test_what_was_committed_is_there(database: Database, server: Any) -> None:
    for step in range(50):
        Events(database).append([EventRecord(study="demo", kind="step", step=step)])
    server.stop()
    server.start()

    assert [event.step for event in Events(database).list_of("demo")] == list(range(50))


def test_a_transaction_cut_in_two_is_not_there(database: Database, server: Any) -> None:
    with pytest.raises(StorageError), database.transaction():
        Trials(database).update("demo", 0, step=7)
        Events(database).append([EventRecord(study="demo", kind="half")])
        server.stop()
        Events(database).append([EventRecord(study="demo", kind="other half")])
    server.start()

    assert Events(database).list_of("demo") == []
    trial = Trials(database).get("demo", 0)
    assert trial is not None
    assert trial.step is None
    with database.transaction():  # what was cut is no longer in the way
        Events(database).append([EventRecord(study="demo", kind="whole")])
    assert [event.kind for event in Events(database).list_of("demo")] == ["whole"]


def test_a_commit_that_does_not_arrive_is_an_error(database: Database, server: Any) -> None:
    with pytest.raises(StorageError), database.transaction():
        Trials(database).update("demo", 0, step=7)
        server.stop()
    server.start()

    trial = Trials(database).get("demo", 0)
    assert trial is not None
    assert trial.step is None


def test_optuna_goes_on_too(database: Database, server: Any) -> None:
    storage = optuna_storage(database)
    study = optuna.create_study(study_name="demo", storage=storage, direction="maximize")
    trial = study.ask()
    trial.suggest_float("learning_rate", 1e-3, 1e-2)
    trial.report(0.3, step=50)
    server.stop()

    for call in (lambda: trial.report(0.4, step=100), study.ask, lambda: study.tell(trial, 0.5)):
        began = time.monotonic()
        with pytest.raises(StorageInternalError):
            call()
        assert time.monotonic() - began < CONNECT_TIMEOUT_SECONDS

    server.start()
    trial.report(0.4, step=100)
    study.tell(trial, 0.5)
    second = study.ask()

    assert second.number == 1
    assert study.trials[0].intermediate_values == {50: 0.3, 100: 0.4}
    assert study.best_value == 0.5
    close_optuna_storage(storage)
