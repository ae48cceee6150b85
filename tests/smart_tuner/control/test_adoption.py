"""A controller that is killed, and what becomes of the trainers that it leaves."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState, TrialState
from storage.status import read
from trainer import events
from trainer.events import Started, Step

Workshop = Any
WaitUntil = Callable[..., None]
COMPLETE = TrialState.COMPLETE
STEPS, EVERY = 80, 20
LONG: dict[str, Any] = {"trainer": {"steps": STEPS, "evaluate_every": EVERY}}
ONE: dict[str, Any] = {**LONG, "study": {"trials": 1}}
LEASE = "import smart_tuner.launch.launcher; smart_tuner.launch.launcher.LEASE_SECONDS = 2.0\n"
"""Trainers leave soon after their controller is gone."""

DEAF_TO_PAUSES = """
import os, signal
from smart_tuner.control.watch import Watch
Watch._ask_to_leave = lambda self, run: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def long_workshop(slow_workshop: Workshop) -> Workshop:
    """Trials take some seconds more: time for a controller to die and another one to start."""
    slow_workshop.trainer = (*slow_workshop.trainer, "--seconds-per-step", "0.1")
    return slow_workshop


def kill(controller: subprocess.Popen[str]) -> None:
    """As the system does when memory runs out, or a person who is angry."""
    controller.kill()
    controller.communicate()


def steps(workshop: Workshop, number: int) -> list[int]:
    return [event.step for event in workshop.said(number) if isinstance(event, Step)]


def starts(workshop: Workshop, number: int) -> list[Started]:
    return [event for event in workshop.said(number) if isinstance(event, Started)]


def check_whole(workshop: Workshop, number: int) -> None:
    """The trial ended as if nothing had happened: no step is missing, or was told twice."""
    trial, told = workshop.trials()[number], workshop.optuna_trials()[number]
    assert (trial.state, trial.step, trial.reason) == (COMPLETE, STEPS, None)
    assert (trial.evidence, trial.pid) == ({}, None)
    evaluations = workshop.kept("evaluation", number=number)
    assert [event.step for event in evaluations] == list(range(EVERY, STEPS + 1, EVERY))
    assert told.state is OptunaState.COMPLETE
    assert told.intermediate_values == {e.step: e.payload["quality"] for e in evaluations}
    assert told.values == [trial.value] == [max(told.intermediate_values.values())]


def test_trainers_go_on_and_are_adopted(long_workshop: Workshop, wait_until: WaitUntil) -> None:
    """One of them is found by its command line: its controller had not noted it yet."""
    two = {**LONG, "study": {"trials": 2, "jobs": 2}}
    first = long_workshop.start(**two)
    wait_until(lambda: long_workshop.evaluated(0) and long_workshop.evaluated(1))
    kill(first)
    pids = [long_workshop.pids(number)[0] for number in (0, 1)]
    long_workshop.paths(1).process.unlink()
    assert state_of(long_workshop) is StudyState.CONTROLLER_LOST

    ran = long_workshop.run(**two)
    assert ran.code is TunerExit.FINISHED, ran.out
    for number, pid in enumerate(pids):
        assert f"trial {number} goes on in process {pid}, which was found" in ran.out
        assert [started.pid for started in starts(long_workshop, number)] == [pid]
        assert steps(long_workshop, number) == list(range(1, STEPS + 1))
        check_whole(long_workshop, number)
        (attempt,) = long_workshop.attempts(number)
        assert (attempt.pid, attempt.exit_code, attempt.cause) == (pid, 0, "finished")
        assert (attempt.first_step, attempt.last_step) == (0, STEPS)
        assert long_workshop.trials()[number].exit_code == 0
        (adopted,) = long_workshop.kept("adopted", number=number)
        assert adopted.payload == {"pid": pid, "attempt": 1}
        assert has_ended(pid)
        assert long_workshop.trials()[number].controller == attempt.controller
    assert len({e.payload["pid"] for e in long_workshop.kept("started")}) == 2


def test_ends_that_nobody_saw_are_told_rightly(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """One trainer finishes, one leaves with a checkpoint, one is killed."""
    three = {**LONG, "study": {"trials": 3, "jobs": 3}}
    first = slow_workshop.start(**three)
    wait_until(lambda: all(map(slow_workshop.evaluated, range(3))))
    kill(first)
    finishes, leaves, killed = (slow_workshop.pids(number)[0] for number in range(3))
    os.kill(leaves, signal.SIGTERM)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: all(map(has_ended, (finishes, leaves, killed))))
    ended_at = [slow_workshop.said(number)[-1].time for number in range(3)]

    ran = slow_workshop.run(**three)
    assert ran.code is TunerExit.FINISHED, ran.out
    for number in range(3):
        check_whole(slow_workshop, number)
    attempts = [slow_workshop.attempts(number) for number in range(3)]
    seen = [[(one.exit_code, one.cause) for one in of_trial] for of_trial in attempts]
    assert seen[0] == [(0, "finished")]
    assert seen[1] == [(3, "stopped"), (0, "finished")]
    assert seen[2] == [(None, "lost"), (0, "finished")]
    for of_trial, at in zip(attempts, ended_at, strict=True):
        # A budget is not charged for the time in which nobody looked.
        assert of_trial[0].ended_at.timestamp() == pytest.approx(at, abs=0.01)
        assert of_trial[0].last_step <= STEPS
    for number in (1, 2):
        first_start, second_start = starts(slow_workshop, number)
        assert (second_start.resumed, second_start.step) == (True, attempts[number][1].first_step)
        assert attempts[number][0].last_step >= second_start.step >= EVERY
        assert first_start.pid != second_start.pid


def has_ended(pid: int) -> bool:
    """Be it as a zombie: process 1 may reap nothing."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_where_no_controller_comes_back_trainers_leave_with_checkpoints(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    slow_workshop.trainer = (*slow_workshop.trainer, "--seconds-per-step", "0.07")
    hasty = replace(slow_workshop, prelude=LEASE)
    controller = hasty.start(**ONE)
    wait_until(lambda: hasty.evaluated(0))
    kill(controller)
    (orphan,) = hasty.pids(0)
    wait_until(lambda: has_ended(orphan), 20)
    at = steps(hasty, 0)[-1]
    assert EVERY <= at < STEPS
    last = hasty.said(0)[-1]
    assert isinstance(last, events.Ended)
    assert last.exit == "stopped"
    assert hasty.paths(0).last_checkpoint.exists()

    assert slow_workshop.run(**ONE).code is TunerExit.FINISHED
    check_whole(slow_workshop, 0)
    assert steps(slow_workshop, 0) == list(range(1, STEPS + 1))  # not one was made twice
    assert [one.exit_code for one in slow_workshop.attempts(0)] == [3, 0]


def state_of(workshop: Workshop) -> StudyState:
    with workshop.database() as database:
        return read(database, "speech").state


def test_a_paused_study_stays_paused_whatever_becomes_of_its_controller(
    long_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """Killed before its trainer could be asked to leave; asked to stop while the study waits."""
    first = replace(long_workshop, prelude=DEAF_TO_PAUSES).start(**ONE)
    wait_until(lambda: long_workshop.evaluated(0))
    long_workshop.ask("pause")
    wait_until(lambda: first.poll() is not None)
    (pid,) = long_workshop.pids(0)
    assert not has_ended(pid)

    second = long_workshop.start(**ONE)
    wait_until(lambda: state_of(long_workshop) is StudyState.PAUSED)
    assert has_ended(pid)
    (trial,) = long_workshop.trials()
    assert (trial.state, trial.controller) == (TrialState.PAUSED, None)
    second.terminate()
    output, _ = second.communicate(timeout=60)
    assert "stays paused" in output
    assert state_of(long_workshop) is StudyState.PAUSED  # and not: its controller is lost

    third = long_workshop.start(**ONE)
    wait_until(lambda: state_of(long_workshop) is StudyState.PAUSED)  # with a controller again
    at = steps(long_workshop, 0)[-1]
    time.sleep(1)
    assert steps(long_workshop, 0)[-1] == at < STEPS
    long_workshop.ask("resume")
    output, _ = third.communicate(timeout=60)
    assert third.returncode == TunerExit.FINISHED, output
    check_whole(long_workshop, 0)
    assert steps(long_workshop, 0) == list(range(1, STEPS + 1))
    assert [one.cause for one in long_workshop.attempts(0)] == ["stopped", "finished"]


KILLED_BEFORE = """
import os, signal
from smart_tuner.{module} import {name}
_before = {name}.{method}
def _killed(self, *arguments, **named):
    result = {call}
    if {condition}:
        os.kill(os.getpid(), signal.SIGKILL)
    return {otherwise}
{name}.{method} = _killed
"""
_CALL = "_before(self, *arguments, **named)"
KILLS = {
    "the pruner has said so, and the trainer was not asked yet": KILLED_BEFORE.format(
        module="search.proposals", name="Proposals", method="report", call=_CALL,
        condition="result", otherwise="result",
    ),
    "the trainer has left, and nothing was written": KILLED_BEFORE.format(
        module="control.ledger", name="Ledger", method="ended", call="arguments[1].state.value",
        condition="result == 'pruned'", otherwise=_CALL,
    ),
    "our tables know, and Optuna's do not": KILLED_BEFORE.format(
        module="control.ledger", name="Ledger", method="ended", call=_CALL,
        condition="result.state.value == 'pruned'", otherwise="result",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kill_when", KILLS)
def test_a_trial_that_was_given_up_is_told_all_the_same(
    kill_when: str, slow_workshop: Workshop
) -> None:
    sections: dict[str, Any] = {
        "trainer": {"steps": 40, "evaluate_every": 10},
        "pruner": {"n_startup_trials": 1, "n_warmup_steps": 0},
        "space": {"learning_rate": {"type": "float", "low": 1e-3, "high": 1e-2, "log": True}},
        "sampler": {"kind": "random"},
    }
    assert slow_workshop.run(**sections, study={"trials": 1}).code is TunerExit.FINISHED
    slow_workshop.ask("enqueue", params={"learning_rate": 1e-3})
    two = {**sections, "study": {"trials": 2}}
    controller = replace(slow_workshop, prelude=KILLS[kill_when]).start(**two)
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode == -9, output

    assert slow_workshop.run(**two).code is TunerExit.FINISHED
    trial, told = slow_workshop.trials()[1], slow_workshop.optuna_trials()[1]
    assert (trial.state, trial.reason, trial.step) == (TrialState.PRUNED, "statistical", 10)
    assert trial.evidence["median_of_completed"] > trial.evidence["quality"]
    assert (told.state, told.user_attrs["reason"]) == (OptunaState.PRUNED, "statistical")
    assert list(told.intermediate_values) == [10]
    assert [one.cause for one in slow_workshop.attempts(1)] == ["statistical"]
    assert len(slow_workshop.kept("ended", number=1)) == 1
    assert len(starts(slow_workshop, 1)) == 1
