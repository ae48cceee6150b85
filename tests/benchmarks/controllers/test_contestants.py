"""Our controller and the bare loop run the same task, each a process of its own."""

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from benchmarks.controllers.contestants import ContestantFailedError, Ran, run_bare, run_ours
from benchmarks.controllers.record import Record
from benchmarks.controllers.task import SPACE, Task

TASK = Task(4, 2, 0.1, reports=2, judged=True, marks=(2, 4))


@pytest.mark.parametrize("who", ["ours", "bare", "bare, tuned"])
def test_everybody_asks_reports_and_tells(who: str, tmp_path: Path, corpus: Path) -> None:
    ran = ran_by(who, tmp_path, corpus)
    study = optuna.load_study(study_name=TASK.study, storage=f"sqlite:///{tmp_path}/study.db")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 4
    for trial in study.trials:
        assert set(trial.params) == set(SPACE)
        assert list(trial.intermediate_values) == [50, 100]
    assert len(ran.record.report_seconds) == 8
    assert 0.0 < sum(ran.record.report_seconds) < ran.wall_seconds
    assert list(ran.record.memory) == [2, 4]
    assert all(10e6 < taken < 1e9 for taken in ran.record.memory.values())
    is_wal = (tmp_path / "study.db").read_bytes()[18] == 2
    assert is_wal == (who != "bare")
    assert len(list(tmp_path.glob("runs/stubs/*/events.jsonl"))) == 4


def ran_by(who: str, folder: Path, corpus: Path) -> Ran:
    if who == "ours":
        return run_ours(TASK, folder, corpus)
    return run_bare(replace(TASK, tuned="tuned" in who), folder)


def test_one_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ContestantFailedError, match=r"(?s)exit code 1: .*unable to open"):
        run_bare(replace(TASK, url="sqlite:////nowhere/study.db"), tmp_path)


def test_tasks_and_records_travel_as_text() -> None:
    assert Task.from_json(TASK.to_json()) == TASK
    record = Record([0.5], {2: 100}, 2)
    assert Record.from_json(record.to_json()) == record
