import json
import math
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest

from storage.clock import utc_now
from storage.controller_process import ControllerProcess, this_process
from storage.database import Database
from storage.errors import StudyNotFoundError
from storage.progress import Progress
from storage.records import (
    BestTrial,
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


def test_all_of_it(database: Database, study: str) -> None:
    _insert(
        database,
        (TrialState.COMPLETE, TrialRole.TRIAL, 0.5),
        (TrialState.PRUNED, TrialRole.PROBE, None),
        (TrialState.COMPLETE, TrialRole.PROBE, 0.9),
        (TrialState.FAILED, TrialRole.TRIAL, None),
        (TrialState.RUNNING, TrialRole.TRIAL, 0.99),
        (TrialState.RUNNING, TrialRole.PROBE, None),
        (TrialState.STOPPED, TrialRole.TRIAL, None),
    )
    progress = ProgressRecord(study=study, number=4, step=40, loss=1.5, diagonal_score=0.8)
    Progress(database).upsert(progress)
    Studies(database).update(study, trials_target=12)
    Studies(database).heartbeat(study, 90.0, *this_process())

    status = read(database, study)

    assert status.state is StudyState.RUNNING
    assert status.counts == TrialCounts(running=2, complete=2, pruned=1, failed=1, stopped=1)
    assert status.best == BestTrial(number=0, value=0.5)
    assert [(record.number, record.step) for record in status.running] == [(4, 40), (5, 0)]
    assert (status.trials_ended, status.trials_target) == (2, 12)
    assert status.eta_seconds == 90.0
    assert json.loads(json.dumps(status.to_json(), allow_nan=False)) == {
        "study": "demo",
        "state": "running",
        "counts": {"running": 2, "complete": 2, "pruned": 1, "failed": 1},
        "best": {"number": 0, "value": 0.5},
        "running": [
            {
                "number": 4,
                "step": 40,
                "loss": 1.5,
                "gradient_norm": None,
                "diagonal_score": 0.8,
            },
            {
                "number": 5,
                "step": 0,
                "loss": None,
                "gradient_norm": None,
                "diagonal_score": None,
            },
        ],
        "eta_seconds": 90.0,
    }


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
        (StudyState.PAUSED, 31, StudyState.CONTROLLER_LOST),
        (StudyState.STOPPED, 3600, StudyState.STOPPED),
        (StudyState.FINISHED, 3600, StudyState.FINISHED),
    ],
)
def test_a_silent_controller_is_lost(
    database: Database, study: str, state: StudyState, age_seconds: int, expected: StudyState
) -> None:
    Studies(database).heartbeat(study, None, "another-host", 1, 1.0)
    Studies(database).set_state(study, state)
    now = utc_now() + timedelta(seconds=age_seconds)

    status = read(database, study, now)

    assert status.state is expected
    assert status.heartbeat_age_seconds == pytest.approx(age_seconds, abs=0.9)


def test_a_study_that_never_got_a_controller_is_lost(database: Database, study: str) -> None:
    assert read(database, study).state is StudyState.RUNNING
    later = utc_now() + timedelta(seconds=31)

    assert read(database, study, later).state is StudyState.CONTROLLER_LOST


def test_a_killed_controller_is_lost_at_once(
    sqlite_database: Database, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start_python("import time; time.sleep(60)")
    host = this_process().host
    started_at = psutil.Process(process.pid).create_time()
    Studies(sqlite_database).create(StudyRecord(name="demo"))
    Studies(sqlite_database).heartbeat("demo", None, host, process.pid, started_at)
    assert read(sqlite_database, "demo").state is StudyState.RUNNING

    process.kill()

    deadline = time.monotonic() + 10  # a zombie until its parent asks for it: lost all the same
    while read(sqlite_database, "demo").state is not StudyState.CONTROLLER_LOST:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.wait(timeout=10)
    assert read(sqlite_database, "demo").state is StudyState.CONTROLLER_LOST


def test_a_reused_pid_is_another_process(sqlite_database: Database) -> None:
    Studies(sqlite_database).create(StudyRecord(name="demo"))
    host, pid, started_at = this_process()
    Studies(sqlite_database).heartbeat("demo", None, host, pid, started_at - 60)

    assert read(sqlite_database, "demo").state is StudyState.CONTROLLER_LOST


def test_a_pid_of_another_host_says_nothing(sqlite_database: Database) -> None:
    Studies(sqlite_database).create(StudyRecord(name="demo"))
    stranger = ControllerProcess("another-host", 2**22 - 1, 1.0)
    Studies(sqlite_database).heartbeat("demo", None, *stranger)

    assert read(sqlite_database, "demo").state is StudyState.RUNNING
