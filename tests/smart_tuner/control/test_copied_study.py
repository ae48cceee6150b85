"""A copy of a running study's database, started beside it: the original is not disturbed."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch import lease
from storage.controller_process import this_process
from storage.records import TrialState
from trainer.exit_codes import BadInputError

Workshop = Any
WaitUntil = Callable[..., None]
ONE: dict[str, Any] = {
    "study": {"trials": 1},
    "trainer": {"steps": 120, "evaluate_every": 20},
}
HASTY = "import smart_tuner.control.neighbours as n; n.LOST_AFTER_SECONDS = 1.0\n"


def test_trainers_that_somebody_watches_are_left_alone(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """To the copy the controller is silent: its heartbeats go to the original."""
    original = slow_workshop.start(**ONE)
    wait_until(lambda: slow_workshop.evaluated(0))
    copied = slow_workshop.folder / "copy.db"
    with (
        sqlite3.connect(slow_workshop.folder / "smart_tuner.db") as source,
        sqlite3.connect(copied) as target,
    ):
        source.backup(target)
    beside = replace(slow_workshop, storage=f"sqlite:///{copied}", prelude=HASTY)
    copy = beside.start(**ONE)
    output, _ = original.communicate(timeout=60)
    assert original.returncode == TunerExit.FINISHED, output
    copied_output, _ = copy.communicate(timeout=60)
    assert "trial 0 is left alone: process" in copied_output
    assert copy.returncode == TunerExit.FINISHED, copied_output
    assert [one.cause for one in slow_workshop.attempts(0)] == ["finished"]
    (trial,) = slow_workshop.trials()
    assert (trial.state, trial.step) == (TrialState.COMPLETE, 120)


@pytest.mark.slow
def test_a_trial_of_another_database_is_left_as_it_is(slow_workshop: Workshop) -> None:
    """The copy knows trial 0 alone; what the original made of trial 1 is not the copy's."""
    assert slow_workshop.run(**ONE).code is TunerExit.FINISHED
    copied = slow_workshop.folder / "copy.db"
    with (
        sqlite3.connect(slow_workshop.folder / "smart_tuner.db") as source,
        sqlite3.connect(copied) as target,
    ):
        source.backup(target)
    two = {**ONE, "study": {"trials": 2}}
    assert slow_workshop.run(**two).code is TunerExit.FINISHED
    files = {path: path.read_bytes() for path in slow_workshop.paths(1).root.rglob("*.*")}
    beside = replace(slow_workshop, storage=f"sqlite:///{copied}")
    for _ in range(2):
        with pytest.raises(BadInputError, match=r"1: another trial was trained there that this"):
            beside.run(**two)
    assert {path: path.read_bytes() for path in files} == files
    slow_workshop.paths(1).root.rename(slow_workshop.folder / "elsewhere")
    assert beside.run(**two).code is TunerExit.FINISHED


def test_no_trainer_is_started_where_another_is_at_work(slow_workshop: Workshop) -> None:
    assert slow_workshop.run(**ONE).code is TunerExit.FINISHED
    lease.hold(slow_workshop.paths(1).root.parent / "1" / "lease", this_process())
    controller = slow_workshop.start(**{**ONE, "study": {"trials": 2}})
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode != TunerExit.FINISHED
    assert f"process {this_process().pid} on" in output
    assert "knows nothing of" in output
