"""What people have in their databases survives the upgrade to 0002, and the way back."""

from typing import Any

import pytest
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError

from storage.attempts import Attempts
from storage.commands import Commands
from storage.controllers import Controllers
from storage.database import Database
from storage.events import Events
from storage.migrate import downgrade, upgrade
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    CommandState,
    ControllerRecord,
    StudyState,
    TrialRole,
    TrialState,
)
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials

NOON = "2026-01-02 12:00:00.250000"
STUDY: dict[str, Any] = {
    "name": "demo",
    "state": "running",
    "identity": '{"direction": "maximize"}',
    "config": "{}",
    "trials_target": 12,
    "eta_seconds": 90.5,
    "created_at": NOON,
    "updated_at": NOON,
    "controller_host": "gpu-7",
    "controller_pid": 123,
    "controller_started_at": 1767355200.25,
    "heartbeat_at": NOON,
}
OF_ITS_CONTROLLER = {
    "eta_seconds", "controller_host", "controller_pid", "controller_started_at", "heartbeat_at",
}  # fmt: skip
TRIAL: dict[str, Any] = {
    "study": "demo",
    "role": "trial",
    "evidence": '{"train.loss": {"$float": "NaN"}}',
    "params": '{"learning_rate": 0.001}',
    "metrics": "{}",
    "step": 50,
    "checkpoint": "checkpoints/50.pt",
    "started_at": NOON,
}
BEFORE = ["running", "stopped", "complete", "pruned", "failed"]
AFTER = ["lost", "paused", "complete", "pruned", "failed"]
COMMAND: dict[str, Any] = {
    "study": "demo",
    "kind": "stop",
    "arguments": "{}",
    "requested_by": "anna",
    "requested_at": NOON,
    "state": "refused",
    "answer": "no",
}


def _insert(database: Database, table: str, **values: Any) -> None:
    names, places = ", ".join(f'"{name}"' for name in values), ", ".join(f":{v}" for v in values)
    statement = text(f"INSERT INTO tuner_{table} ({names}) VALUES ({places})")
    with database.engine.begin() as connection:
        connection.execute(statement, values)


def _rows(database: Database, table: str, order: str) -> list[RowMapping]:
    with database.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM tuner_{table} ORDER BY {order}"))
        return list(rows.mappings())


@pytest.fixture
def old(database: Database) -> Database:
    """A database as version 0001 left it: a study that runs, and trials in every state."""
    downgrade(database.engine, "0001")
    _insert(database, "studies", **STUDY)
    _insert(database, "studies", **{**STUDY, "name": "waiting", "state": "paused"})
    _insert(database, "studies", **{**STUDY, "name": "over", "state": "finished"})
    for number, state in enumerate(BEFORE):
        _insert(database, "trials", **TRIAL, number=number, state=state)
    _insert(database, "progress", study="demo", number=0, step=60, updated_at=NOON)
    _insert(database, "events", study="demo", number=0, at=NOON, kind="asked", payload="{}")
    _insert(database, "commands", **COMMAND)
    return database


def test_studies_survive_the_upgrade(old: Database) -> None:
    upgrade(old.engine)

    studies = {study.name: study for study in Studies(old).list_all()}
    assert [studies[name].state for name in ("demo", "waiting", "over")] == [
        StudyState.STOPPED, StudyState.STOPPED, StudyState.FINISHED,
    ]  # fmt: skip
    demo = studies["demo"]
    assert (demo.trials_target, demo.settings, demo.asking) == (12, {}, None)
    assert demo.identity == {"direction": "maximize"}
    assert demo.created_at.isoformat() == "2026-01-02T12:00:00.250000+00:00"
    assert Controllers(old).list_of("demo") == []


def test_trials_survive_the_upgrade(old: Database) -> None:
    upgrade(old.engine)

    trials = Trials(old).list_of("demo")
    assert [trial.state.value for trial in trials] == AFTER
    assert {(trial.checkpoint, trial.step) for trial in trials} == {("checkpoints/50.pt", 50)}
    assert {(trial.controller, trial.assessment) for trial in trials} == {(None, None)}
    assert [trial.number for trial in Trials(old).unfinished("demo")] == [0, 1]
    assert Attempts(old).list_of("demo") == []


def test_the_rest_survives_the_upgrade(old: Database) -> None:
    upgrade(old.engine)

    assert [progress.step for progress in Progress(old).list_of("demo")] == [60]
    assert [event.kind for event in Events(old).list_of("demo")] == ["asked"]
    (command,) = Commands(old).list_of("demo")
    assert (command.state, command.answer, command.source) == (CommandState.REFUSED, "no", "")


def test_an_upgraded_study_goes_on(old: Database) -> None:
    upgrade(old.engine)
    controller = ControllerRecord(id="a", study="demo", host="h", pid=1, process_started_at=1.0)
    Studies(old).set_state("demo", StudyState.RUNNING)
    Controllers(old).enter(controller)
    for trial in Trials(old).unfinished("demo"):
        assert Trials(old).claim(trial, "a")
        assert Trials(old).move("demo", trial.number, TrialState.RESUMING, held_by="a")
    Attempts(old).begin(AttemptRecord(study="demo", number=0, attempt=1, controller="a", host="h"))

    status = read(old, "demo")

    assert status.state is StudyState.RUNNING
    assert (status.counts.running, status.counts.complete) == (2, 1)


def test_an_upgraded_table_has_no_default(old: Database) -> None:
    """But on SQLite, which adds no column without one to a table with rows."""
    upgrade(old.engine)
    if old.engine.dialect.name == "sqlite":
        _insert(old, "commands", **COMMAND)
        return

    with pytest.raises(IntegrityError, match="source"):
        _insert(old, "commands", **COMMAND)


@pytest.fixture
def new(database: Database) -> Database:
    """A database of version 0002, with what 0001 knew nothing of."""
    known = {name: STUDY[name] for name in STUDY if name not in OF_ITS_CONTROLLER}
    stored = {state.value: state.value for state in StudyState if state != "controller_lost"}
    for name, state in {"demo": "running", **stored}.items():
        study = {**known, "name": name, "state": state, "asking": "a"}
        _insert(database, "studies", **study, settings='{"jobs": 2}')
    for number, state in enumerate(TrialState):
        _insert(database, "trials", **TRIAL, number=number, state=state, controller="a")
    _insert(database, "trials", **{**TRIAL, "role": "finish"}, number=20, state="complete")
    _insert(database, "commands", **{**COMMAND, "state": "expired"}, source="telegram")
    Controllers(database).enter(
        ControllerRecord(id="a", study="demo", host="h", pid=1, process_started_at=1.0)
    )
    Attempts(database).begin(
        AttemptRecord(study="demo", number=0, attempt=1, controller="a", host="h")
    )
    return database


def test_the_way_back_leaves_what_0001_knows(new: Database) -> None:
    downgrade(new.engine, "0001")

    studies = {row["name"]: row for row in _rows(new, "studies", "name")}
    assert {row["state"] for row in studies.values()} == {"stopped", "finished"}
    assert studies["finished"]["state"] == "finished"
    assert set(STUDY) == set(studies["demo"])
    assert studies["demo"]["trials_target"] == 12
    trials = _rows(new, "trials", "number")
    assert [row["state"] for row in trials[:-1]] == [
        state.value if state.ended else "stopped" for state in TrialState
    ]
    assert {row["role"] for row in trials} == {"trial"}
    assert {row["checkpoint"] for row in trials} == {"checkpoints/50.pt"}
    assert [row["state"] for row in _rows(new, "commands", "id")] == ["refused"]


def test_there_and_back_again(old: Database) -> None:
    tables = ("studies", "trials", "events", "progress", "commands")
    before = {table: _rows(old, table, "1, 2") for table in tables}

    upgrade(old.engine)
    downgrade(old.engine, "0001")

    for table in tables:
        for was, row in zip(before[table], _rows(old, table, "1, 2"), strict=True):
            changed = {name for name in was if row[name] != was[name]}
            assert changed <= {"state", *OF_ITS_CONTROLLER}


def test_there_is_a_role_for_every_row(new: Database) -> None:
    downgrade(new.engine, "0001")
    upgrade(new.engine)

    assert {trial.role for trial in Trials(new).list_of("demo")} == {TrialRole.TRIAL}
    assert {trial.state for trial in Trials(new).unfinished("demo")} == {TrialState.PAUSED}
    assert Attempts(new).list_of("demo") == []
