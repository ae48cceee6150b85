"""One run of each kind, whoever died or was quicker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from smart_tuner.sinks.mlflow_experiment import experiment_of
from smart_tuner.sinks.mlflow_runs import KIND, StudyRuns
from storage.clock import utc_now
from storage.database import Database, open_database
from storage.events import Events
from storage.records import EventRecord, StudyRecord
from storage.studies import Studies

STORE = "sqlite:///mlflow.db 1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """With an empty database of MLflow's."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"
    return MlflowClient(uri, uri)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/smart_tuner.db") as database:
        Studies(database).create(StudyRecord(name="s", created_at=utc_now()))
        yield database


@pytest.fixture
def runs(client: MlflowClient, database: Database, tmp_path: Path) -> StudyRuns:
    """Of a study and an experiment of their own."""
    study = Studies(database).get("s")
    assert study is not None
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    experiment = experiment_of(client, uri, tmp_path.name)
    return StudyRuns(client, database, study, experiment.experiment_id, STORE, "http://pages")


def ensure(runs: StudyRuns, number: int | None = 3) -> str:
    run_id: str = runs.ensure(number, f"trial {number}", utc_now(), {"a": "b"}).info.run_id
    return run_id


def noted(database: Database) -> list[str]:
    return [str(event.payload["run_id"]) for event in Events(database).list_of("s", None, (KIND,))]


def note(database: Database, run_id: str, store: str = STORE) -> None:
    payload = {"run_id": run_id, "store": store}
    Events(database).append([EventRecord(study="s", kind=KIND, number=3, payload=payload)])


def test_it_is_found_again(runs: StudyRuns, database: Database) -> None:
    first, study = ensure(runs), ensure(runs, None)
    assert first != study
    assert ensure(runs) == first
    assert noted(database)[:2] == [first, study]


def test_one_that_was_made_and_not_noted(
    runs: StudyRuns, database: Database, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StudyRuns, "_note", die)
        with pytest.raises(KeyboardInterrupt):
            ensure(runs)
    assert noted(database) == []
    found = ensure(runs)
    assert noted(database) == [found]
    assert client.get_run(found).data.tags["a"] == "b"


def test_of_two_made_at_once_the_first_noted_stays(
    runs: StudyRuns, database: Database, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = client.create_run(client.create_experiment(f"other of {id(runs)}")).info.run_id
    own = StudyRuns._note

    def late(self: StudyRuns, number: int | None, run_id: str) -> None:
        note(database, other)
        own(self, number, run_id)

    monkeypatch.setattr(StudyRuns, "_note", late)
    assert ensure(runs) == other
    (_, mine) = noted(database)
    assert client.get_run(mine).info.lifecycle_stage == "deleted"
    assert ensure(runs) == other


def test_one_that_was_deleted_is_made_anew(
    runs: StudyRuns, database: Database, client: MlflowClient
) -> None:
    first = ensure(runs)
    client.delete_run(first)
    second = ensure(runs)
    assert second != first
    assert ensure(runs) == second
    assert noted(database) == [first, second]


def test_what_is_noted_of_another_store_does_not_count(runs: StudyRuns, database: Database) -> None:
    note(database, "0" * 32, "http://elsewhere 1")
    note(database, "0" * 32)  # a run of a database that was deleted
    assert ensure(runs) == noted(database)[-1] != "0" * 32
