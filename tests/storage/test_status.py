import json
import math
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psutil
import pytest

from storage.attempts import Attempts
from storage.clock import utc_now
from storage.controller_process import this_process
from storage.controllers import Controllers
from storage.database import Database
from storage.errors import StudyNotFoundError
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    BestTrial,
    BudgetUse,
    ControllerRecord,
    ProgressRecord,
    StudyRecord,
    StudyState,
    TrialCounts,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.status import read, read_all
from storage.studies import Studies
from storage.trials import Trials


def _insert(database: Database, *rows: tuple[TrialState, TrialRole, float | None]) -> None:
    for number, (state, role, value) in enumerate(rows):
        trial = TrialRecord(study="demo", number=number, state=state, role=role, value=value)
        Trials(database).insert(trial)


def _enter(database: Database, controller_id: str = "a", **fields: Any) -> None:
    """A controller of the study enters: on another host, unless said otherwise."""
    known = {"study": "demo", "host": "another-host", "pid": 1, "process_started_at": 1.0}
    Controllers(database).enter(ControllerRecord(id=controller_id, **{**known, **fields}))


def test_all_of_it(database: Database, study: str) -> None:
    _insert(
        database,
        (TrialState.COMPLETE, TrialRole.TRIAL, 0.5),
        (TrialState.PRUNED, TrialRole.PROBE, None),
        (TrialState.COMPLETE, TrialRole.PROBE, 0.9),
        (TrialState.FAILED, TrialRole.TRIAL, None),
        (TrialState.RUNNING, TrialRole.TRIAL, 0.99),
        (TrialState.RUNNING, TrialRole.PROBE, None),
        (TrialState.PAUSED, TrialRole.TRIAL, None),
        (TrialState.LOST, TrialRole.TRIAL, None),
        (TrialState.QUEUED, TrialRole.TRIAL, None),
        (TrialState.PRUNED, TrialRole.FINISH, None),
        (TrialState.RESUMING, TrialRole.TRIAL, None),
    )
    progress = ProgressRecord(study=study, number=4, step=40, loss=1.5, diagonal_score=0.8)
    Progress(database).upsert(progress)
    Studies(database).update(study, trials_target=12)
    host, pid, started_at = this_process()
    _enter(database, host=host, pid=pid, process_started_at=started_at, eta_seconds=90.0)

    status = read(database, study)

    assert status.state is StudyState.RUNNING
    assert status.counts == TrialCounts(
        running=3, queued=1, paused=1, lost=1, complete=2, pruned=2, failed=1
    )
    assert status.best == BestTrial(number=0, value=0.5)
    assert [(record.number, record.step) for record in status.running] == [(4, 40), (5, 0), (10, 0)]
    assert (status.trials_ended, status.trials_target) == (2, 12)
    assert status.eta_seconds == 90.0
    unheard = {"step": 0, "loss": None, "gradient_norm": None, "diagonal_score": None}
    assert json.loads(json.dumps(status.to_json(), allow_nan=False)) == {
        "study": "demo",
        "state": "running",
        "counts": {
            "running": 3, "complete": 2, "pruned": 2, "failed": 1,
            "queued": 1, "paused": 1, "lost": 1,
        },
        "best": {"number": 0, "value": 0.5},
        "running": [
            {**unheard, "number": 4, "step": 40, "loss": 1.5, "diagonal_score": 0.8},
            {**unheard, "number": 5},
            {**unheard, "number": 10},
        ],
        "eta_seconds": 90.0,
        "level": "STABLE",
        "reasons": [],
        "controllers": 1,
        "budget": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "best"),
    [
        ("maximize", BestTrial(number=1, value=0.5)),
        ("minimize", BestTrial(number=0, value=0.25)),
        (["minimize"], BestTrial(number=0, value=0.25)),
        (["maximize", "minimize"], None),
    ],
)
def test_best_follows_the_direction(
    database: Database, study: str, direction: object, best: BestTrial | None
) -> None:
    _insert(
        database,
        (TrialState.COMPLETE, TrialRole.TRIAL, 0.25),
        (TrialState.COMPLETE, TrialRole.TRIAL, 0.5),
        (TrialState.COMPLETE, TrialRole.TRIAL, math.nan),
    )
    Studies(database).update(study, identity={"direction": direction})

    assert read(database, study).best == best


def test_a_study_without_trials(database: Database, study: str) -> None:
    status = read(database, study)

    assert status.to_json()["best"] is None
    assert status.running == ()
    assert status.heartbeat_age_seconds is None


def test_no_study(database: Database) -> None:
    with pytest.raises(StudyNotFoundError, match="no study called 'demo'; there are: none yet"):
        read(database, "demo")


def test_read_all(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="another", state=StudyState.FINISHED))
    _insert(database, (TrialState.COMPLETE, TrialRole.TRIAL, 0.5))

    statuses = read_all(database)

    assert [(s.study, s.counts.complete) for s in statuses] == [("demo", 1), ("another", 0)]


@pytest.mark.parametrize(
    ("state", "age_seconds", "expected"),
    [
        (StudyState.RUNNING, 29, StudyState.RUNNING),
        (StudyState.RUNNING, 31, StudyState.CONTROLLER_LOST),
        (StudyState.PAUSING, 31, StudyState.CONTROLLER_LOST),
        (StudyState.PAUSED, 31, StudyState.CONTROLLER_LOST),
        (StudyState.STOPPING, 31, StudyState.CONTROLLER_LOST),
        (StudyState.STOPPED, 3600, StudyState.STOPPED),
        (StudyState.FINISHED, 3600, StudyState.FINISHED),
    ],
)
def test_a_silent_controller_is_lost(
    database: Database, study: str, state: StudyState, age_seconds: int, expected: StudyState
) -> None:
    _enter(database)
    Studies(database).set_state(study, state)
    now = utc_now() + timedelta(seconds=age_seconds)

    status = read(database, study, now)

    assert status.state is expected
    assert status.heartbeat_age_seconds == pytest.approx(age_seconds, abs=0.9)


def test_a_study_that_never_got_a_controller_is_lost(database: Database, study: str) -> None:
    assert read(database, study).state is StudyState.RUNNING
    later = utc_now() + timedelta(seconds=31)

    assert read(database, study, later).state is StudyState.CONTROLLER_LOST


def test_it_is_lost_with_its_last_controller(database: Database, study: str) -> None:
    now = utc_now()
    for controller_id, age in (("a", 3600), ("b", 40), ("c", 3)):
        _enter(database, controller_id, heartbeat_at=now - timedelta(seconds=age))

    status = read(database, study, now)
    assert (status.state, status.heartbeat_age_seconds) == (StudyState.RUNNING, 3.0)

    later = now + timedelta(seconds=30)
    status = read(database, study, later)
    assert (status.state, status.heartbeat_age_seconds) == (StudyState.CONTROLLER_LOST, 33.0)


def test_who_said_goodbye_counts_only_where_nobody_else_is(database: Database, study: str) -> None:
    now = utc_now()
    _enter(database, "left", heartbeat_at=now)
    Controllers(database).leave("left")
    assert read(database, study, now).state is StudyState.CONTROLLER_LOST
    assert read(database, study, now).heartbeat_age_seconds == 0.0

    _enter(database, "stays", heartbeat_at=now - timedelta(seconds=9))

    status = read(database, study, now)
    assert (status.state, status.heartbeat_age_seconds) == (StudyState.RUNNING, 9.0)


def test_it_takes_as_long_as_the_slowest_who_is_there(database: Database, study: str) -> None:
    now = utc_now()
    _enter(database, "a", eta_seconds=60.0)
    _enter(database, "b", eta_seconds=90.0)
    _enter(database, "unsure")
    _enter(database, "dead", eta_seconds=5e5, heartbeat_at=now - timedelta(hours=1))

    assert read(database, study, now).eta_seconds == 90.0
    assert read(database, study, now + timedelta(hours=1)).eta_seconds is None

    Studies(database).set_state(study, StudyState.STOPPED)
    assert read(database, study, now).eta_seconds is None


def test_a_killed_controller_is_lost_at_once(
    sqlite_database: Database, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start_python("import time; time.sleep(60)")
    host = this_process().host
    started_at = psutil.Process(process.pid).create_time()
    Studies(sqlite_database).create(StudyRecord(name="demo"))
    _enter(sqlite_database, host=host, pid=process.pid, process_started_at=started_at)
    assert read(sqlite_database, "demo").state is StudyState.RUNNING

    process.kill()

    deadline = time.monotonic() + 10  # a zombie until its parent asks for it: lost all the same
    while read(sqlite_database, "demo").state is not StudyState.CONTROLLER_LOST:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.wait(timeout=10)
    assert read(sqlite_database, "demo").state is StudyState.CONTROLLER_LOST


def test_what_a_budget_has_left(database: Database, study: str) -> None:
    """A command's word is newer than the configuration's; without either nothing is counted."""
    _insert(database, (TrialState.COMPLETE, TrialRole.TRIAL, 0.5))
    began = utc_now() - timedelta(hours=3)
    for attempt, gpus in ((1, 0), (2, 2)):
        Attempts(database).begin(
            AttemptRecord(
                study=study, number=0, attempt=attempt, controller="a", host="h", slot="cpu 0",
                gpus=gpus, began_at=began, ended_at=began + timedelta(hours=1),
            )
        )  # fmt: skip
    assert read(database, study).budget is None
    Studies(database).update(study, config={"study": {"budget": 36000.0}})
    assert read(database, study).budget == BudgetUse(hours=10.0, spent_hours=3.0)
    Studies(database).update(study, settings={"budget": 72000.0})
    assert read(database, study).to_json()["budget"] == {"hours": 20.0, "spent_hours": 3.0}
    Studies(database).update(study, settings={"budget": None})
    assert read(database, study).budget is None
