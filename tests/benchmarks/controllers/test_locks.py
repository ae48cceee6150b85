"""SQLite with 8 trials at once and readers: nobody finds the file locked."""

from pathlib import Path

import pytest

from benchmarks.controllers import locks
from benchmarks.controllers.contestants import ContestantFailedError
from benchmarks.controllers.task import Task
from storage.database import open_existing
from storage.status import read


def test_nobody_finds_the_file_locked(tmp_path: Path, corpus: Path) -> None:
    study_of(Task(8, 8, 0.3, reports=12), tmp_path, corpus, n_controllers=1)


@pytest.mark.slow
def test_nor_do_two_controllers_of_one_study(tmp_path: Path, corpus: Path) -> None:
    study_of(Task(32, 4, 3.0, reports=60), tmp_path, corpus, n_controllers=2)


def study_of(task: Task, folder: Path, corpus: Path, n_controllers: int) -> None:
    busy = locks.run_busily(task, folder, corpus, n_controllers=n_controllers)
    assert len(busy.reading_seconds) > 10
    with open_existing(f"sqlite:///{folder}/study.db") as database:
        assert read(database, task.study).counts.complete == task.trials


def test_a_lock_or_a_failure_would_be_noticed() -> None:
    locks.require_unharmed([0, 0], "trial 0 complete")
    for codes, said in (([0, 1], ""), ([0], "the database is away; (database is locked)")):
        with pytest.raises(ContestantFailedError, match=r"exit codes \[0"):
            locks.require_unharmed(codes, said)
