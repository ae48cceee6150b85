"""Controllers that are killed at the worst moments: the doctor, and then the study goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

import smart_tuner
from smart_tuner.doctor.examination import Outcome, examine
from smart_tuner.doctor.findings import Code
from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch.trainer_process import TrainerProcess
from storage.records import StudyState, TrialState
from storage.status import read

Workshop = Any
WaitUntil = Callable[..., None]
NAME = "speech"
ROOT = str(Path(smart_tuner.__file__).parents[1])
STUDY: dict[str, Any] = {"study": {"trials": 5}, "probes": [{"learning_rate": 0.3}]}
LONG: dict[str, Any] = {"study": {"trials": 1}, "trainer": {"steps": 60, "evaluate_every": 20}}
# A controller that is killed when it calls something for the n-th time, before or after that.
DOOMED = """
import importlib, json, os, signal, sys
from smart_tuner.config import load_config
from smart_tuner.main import SmartTunerMain

sections, trainer, where, nth, after = map(json.loads, sys.argv[1:])
module, _, path = where.partition(":")
*owners, name = path.split(".")
owner = importlib.import_module(module)
for one in owners:
    owner = getattr(owner, one)
called, calls = getattr(owner, name), 0

def call(*args, **kwargs):
    global calls
    calls += 1
    result = called(*args, **kwargs) if calls < nth or after else None
    if calls == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, call)
SmartTunerMain(load_config(None, sections, environ={}), trainer=trainer).run()
"""
MOMENTS = {
    "before it told": ("smart_tuner.search.proposals:teach", 2, False),
    "in the midst of asking": ("smart_tuner.search.proposals:Proposals._as_trial", 3, False),
    "before it noted what it asked for": ("smart_tuner.control.ledger:Ledger.begin", 3, False),
    "before its probe was noted": ("smart_tuner.control.ledger:Ledger.begin", 2, False),
    "before it gave the turn back": (
        "smart_tuner.control.registration:Registration.release_turn", 2, False
    ),
    "before the attempt": ("smart_tuner.control.ledger:Ledger.begin_attempt", 3, False),
    "before the trainer": ("smart_tuner.control.ledger:Ledger.begin_attempt", 3, True),
    "before the trainer was noted": ("smart_tuner.control.ledger:Ledger.running", 3, False),
    "before the end was noted": ("smart_tuner.control.ledger:Ledger.ended", 2, False),
    "when it left": ("smart_tuner.control.registration:Registration.leave", 1, False),
}  # fmt: skip


def kill_at(workshop: Workshop, moment: str) -> None:
    where, nth, after = MOMENTS[moment]
    arguments = (workshop.sections(**STUDY), workshop.trainer, where, nth, after)
    done = subprocess.run(
        [sys.executable, "-c", DOOMED, *map(json.dumps, arguments)],
        cwd=workshop.folder,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def doctor(workshop: Workshop, *, mend: bool = True) -> Any:
    with workshop.database() as database:
        return examine(database, NAME, mend=mend)


def codes(examined: Any) -> set[Code]:
    return {one.finding.code for one in examined.results}


_FIRST, _OTHERS = list(MOMENTS)[:2], list(MOMENTS)[2:]


def results(workshop: Workshop) -> list[tuple[Any, ...]]:
    return [(one.number, one.role, one.state, one.value, one.params) for one in workshop.trials()]


@pytest.fixture(scope="module")
def undisturbed(
    open_workshop: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[Any, ...]]]:
    """What comes of the study when nobody kills anything."""
    stub = str(Path(__file__).parents[1] / "stub_trainer.py")
    with open_workshop(tmp_path_factory.mktemp("whole"), sys.executable, "-P", stub) as workshop:
        workshop.run(**STUDY)
        yield results(workshop)


@pytest.mark.parametrize(
    "moment",
    [*_FIRST, *(pytest.param(one, marks=pytest.mark.slow) for one in _OTHERS)],
)
def test_what_is_mended_goes_on_as_if_nothing_had_been(
    moment: str, workshop: Workshop, undisturbed: list[tuple[Any, ...]], wait_until: WaitUntil
) -> None:
    kill_at(workshop, moment)
    paths = [workshop.paths(number) for number in range(len(undisturbed))]
    wait_until(lambda: all(TrainerProcess.find(one, search=True).pid is None for one in paths))
    assert doctor(workshop).is_whole
    again = doctor(workshop)
    assert codes(again) <= {Code.ADOPTABLE}
    assert workshop.run(**STUDY).code is TunerExit.FINISHED
    assert results(workshop) == undisturbed
    assert codes(doctor(workshop)) == set()


def test_a_trainer_that_goes_on_is_left_to_the_next_controller(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = slow_workshop.start(**LONG)
    wait_until(lambda: slow_workshop.evaluated(0))
    controller.kill()
    controller.communicate()
    (pid,) = slow_workshop.pids(0)
    examined = doctor(slow_workshop)
    assert codes(examined) == {Code.ADOPTABLE, Code.DEAD_CONTROLLER}
    assert examined.is_whole
    assert slow_workshop.trials()[0].state is TrialState.RUNNING
    assert psutil.pid_exists(pid)
    assert slow_workshop.run(**LONG).code is TunerExit.FINISHED
    assert slow_workshop.pids(0) == [pid]
    assert codes(doctor(slow_workshop)) == set()


def test_a_trainer_that_was_killed_too_is_lost(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = slow_workshop.start(**LONG)
    wait_until(lambda: slow_workshop.evaluated(0))
    controller.kill()
    controller.communicate()
    psutil.Process(slow_workshop.pids(0)[0]).kill()
    wait_until(lambda: not psutil.pid_exists(slow_workshop.pids(0)[0]))
    before = doctor(slow_workshop, mend=False)
    assert Code.OWNERLESS in codes(before)
    assert slow_workshop.trials()[0].state is TrialState.RUNNING
    examined = doctor(slow_workshop)
    assert {one.outcome for one in examined.results} == {Outcome.MENDED}
    assert codes(doctor(slow_workshop)) == set()
    assert slow_workshop.trials()[0].state is TrialState.LOST
    with slow_workshop.database() as database:
        assert read(database, NAME).state is StudyState.STOPPED
    assert slow_workshop.run(**LONG).code is TunerExit.FINISHED
    assert slow_workshop.evaluated(0)[-1] == 60
    kept = slow_workshop.kept("evaluation", number=0)
    assert [event.step for event in kept] == [20, 40, 60]
    assert codes(doctor(slow_workshop)) == set()


def test_a_study_at_work_is_left_in_peace(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    """No false alarm at any moment."""
    sections = {"study": {"trials": 6, "jobs": 2}, "trainer": {"steps": 30, "evaluate_every": 10}}
    controller = slow_workshop.start(**sections)
    wait_until(lambda: slow_workshop.evaluated(0))
    random = Random(0)
    while controller.poll() is None:
        examined = doctor(slow_workshop)
        assert examined.results == (), examined
        time.sleep(random.uniform(0, 0.3))
    assert controller.returncode == TunerExit.FINISHED
    assert codes(doctor(slow_workshop)) == set()


@pytest.mark.slow
def test_beside_a_controller_only_what_is_surely_nobodys_is_mended(
    slow_workshop: Workshop, wait_until: WaitUntil, patient_in: Callable[[Any], Any]
) -> None:
    sections = {"study": {"trials": 3}, "trainer": {"steps": 20, "evaluate_every": 10}}
    slow_workshop.run(**sections)
    more = {"study": {"trials": 4}, "trainer": {"steps": 200, "evaluate_every": 100}}
    controller = slow_workshop.start(**more)
    wait_until(lambda: slow_workshop.said(3))
    with slow_workshop.database() as database:
        patient = patient_in(database)
        patient.forget_to_tell(0)
        patient.keep_progress(0)
        patient.fail_in_optuna(1)
        patient.leave_a_trainer(2)
        began = time.monotonic()
        examined = examine(database, NAME, mend=True)
        assert 2.5 < time.monotonic() - began < 10
        outcomes = {one.finding.code: (one.outcome, one.done) for one in examined.results}
        left = (Outcome.LEFT, "left to the controller that runs the study")
        assert outcomes == {
            Code.NOT_TOLD: (Outcome.MENDED, "told Optuna"),
            Code.STALE_PROGRESS: (Outcome.MENDED, "cleared it"),
            Code.ORPHAN_PROCESS: (Outcome.MENDED, "ended it"),
            Code.TOLD_OTHERWISE: left,
        }
        assert not examined.is_whole
        assert slow_workshop.trials()[3].state is TrialState.RUNNING
        controller.terminate()
        controller.communicate(timeout=30)
        examined = examine(database, NAME, mend=True)
        assert codes(examined) == {Code.TOLD_OTHERWISE}
        assert examined.is_whole
        patient.check()
