"""Several processes at once in one database, as on a machine with two controllers and readers."""

import subprocess
import time
from collections.abc import Callable

import pytest

from storage.database import Database, open_database
from storage.errors import StorageError
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.progress import Progress
from storage.records import StudyRecord
from storage.schema_lock import schema_lock
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials

Start = Callable[..., "subprocess.Popen[str]"]
WaitForAll = Callable[[list["subprocess.Popen[str]"]], None]

_OPEN = """
import sys, time
from storage.database import open_database
from storage.optuna_storage import optuna_storage
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))  # all at the same moment
with open_database(sys.argv[1]) as database:
    optuna_storage(database)
"""
_WRITE = """
import sys
from storage.database import open_database
from storage.events import Events
from storage.progress import Progress
from storage.records import EventRecord, ProgressRecord, TrialRecord
from storage.trials import Trials
url, number = sys.argv[1], int(sys.argv[2])
with open_database(url) as database:
    Trials(database).insert(TrialRecord(study="demo", number=number))
    for step in range(100):
        Events(database).append([EventRecord(study="demo", kind="step", number=number, step=step)])
        Progress(database).upsert(ProgressRecord(study="demo", number=number, step=step))
"""
_READ_AND_WRITE = """
from storage.events import Events
from storage.progress import Progress
from storage.records import EventRecord, ProgressRecord, TrialRecord
from storage.status import read
from storage.trials import Trials
def work(database, me):
    trials, events, progress = Trials(database), Events(database), Progress(database)
    seen = []
    for turn in range(20):
        number = 20 * me + turn
        trials.insert(TrialRecord(study="demo", number=number, controller=f"c{me}"))
        with database.transaction():  # reads first: others have written before it writes
            step = trials.get("demo", 20 * me).step or 0
            progress.upsert(ProgressRecord(study="demo", number=number, step=turn))
            trials.update("demo", 20 * me, step=step + 1)
            events.append([EventRecord(study="demo", kind="evaluation", number=number)])
        seen.append(read(database, "demo").counts.running)
    return seen
"""


def _soon() -> str:
    return str(time.time() + 2.5)


def test_four_processes_make_one_new_database(
    database_url: str, start_python: Start, wait_for_all: WaitForAll
) -> None:
    moment = _soon()

    wait_for_all([start_python(_OPEN, database_url, moment) for _ in range(4)])

    with open_database(database_url) as database:
        close_optuna_storage(optuna_storage(database))
        assert Studies(database).list_all() == []


def test_two_processes_write_at_once(
    database: Database, database_url: str, start_python: Start, wait_for_all: WaitForAll
) -> None:
    Studies(database).create(StudyRecord(name="demo"))

    wait_for_all([start_python(_WRITE, database_url, str(number)) for number in range(2)])

    for number in range(2):
        steps = [event.step for event in Events(database).list_of("demo", number)]
        assert steps == list(range(100))


def test_eight_processes_read_and_write(
    database: Database, contest: Callable[[int, str], list[list[int]]]
) -> None:
    """No reader is in a writer's way, no writer loses to one who was quicker."""
    Studies(database).create(StudyRecord(name="demo"))

    seen = contest(8, _READ_AND_WRITE)

    assert [counts == sorted(counts) for counts in seen] == [True] * 8
    assert read(database, "demo").counts.running == 160
    steps = [trial.step for trial in Trials(database).list_of("demo") if trial.number % 20 == 0]
    assert steps == [20] * 8
    assert len(Events(database).list_of("demo")) == 160
    assert len(Progress(database).list_of("demo")) == 160


def test_a_lock_that_is_never_released_is_an_error(database: Database) -> None:
    with (
        schema_lock(database.engine),
        pytest.raises(StorageError, match="another process"),
        schema_lock(database.engine, wait_seconds=0.1),
    ):
        pass
    with schema_lock(database.engine, wait_seconds=0.1):
        pass
