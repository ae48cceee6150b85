"""Two controllers of one study share its trials, and never run one of them twice."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.controllers import Controllers
from storage.records import ControllerRecord, StudyState, TrialState
from storage.status import read
from trainer.events import Started, Step
from trainer.exit_codes import BadInputError

Workshop = Any
WaitUntil = Callable[..., None]
Controller = subprocess.Popen[str]
TRIALS = 12
SHARED: dict[str, Any] = {
    "study": {"trials": TRIALS, "jobs": 2},
    "trainer": {"steps": 12, "evaluate_every": 3},
    "sampler": {"kind": "random"},
    "pruner": {"kind": "none"},
}
LONG: dict[str, Any] = {"trainer": {"steps": 100, "evaluate_every": 20}}
IMPATIENT = """
from smart_tuner.control import neighbours, registration
from smart_tuner.launch import lease
neighbours.LOST_AFTER_SECONDS, registration._BEAT_SECONDS = 2.5, 0.5
lease.FRESH_SECONDS = 2.0
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_workshop(request: pytest.FixtureRequest, slow_workshop: Workshop) -> Workshop:
    """A workshop on each kind of database."""
    if request.param == "postgresql":
        slow_workshop.storage = request.getfixturevalue("postgresql").create()
    return slow_workshop


def controllers(workshop: Workshop) -> list[ControllerRecord]:
    """Those that are at work."""
    with workshop.database() as database:
        return Controllers(database).list_of("speech")


def wait_for(controller: Controller) -> str:
    output, _ = controller.communicate(timeout=100)
    assert controller.returncode == TunerExit.FINISHED, output
    return output


def starts(workshop: Workshop, number: int) -> list[Started]:
    return [event for event in workshop.said(number) if isinstance(event, Started)]


def check_each_ran_once(workshop: Workshop, n: int) -> None:
    """Every number was run, by one of them only; each step was made, and told, once."""
    trials, told = workshop.trials(), workshop.optuna_trials()
    assert [trial.number for trial in trials] == [trial.number for trial in told] == list(range(n))
    for trial, of_optuna in zip(trials, told, strict=True):
        assert (trial.state, of_optuna.state) == (TrialState.COMPLETE, OptunaState.COMPLETE)
        assert of_optuna.values == [trial.value]
        (started,) = starts(workshop, trial.number)
        (attempt,) = workshop.attempts(trial.number)
        assert (attempt.pid, attempt.cause) == (started.pid, "finished")
        made = [event.step for event in workshop.said(trial.number) if isinstance(event, Step)]
        assert made == list(range(1, started.steps + 1))
        kept = [event.step for event in workshop.kept("evaluation", number=trial.number)]
        assert kept == sorted(of_optuna.intermediate_values) == workshop.evaluated(trial.number)
    assert Counter(e.number for e in workshop.kept("ended")) == dict.fromkeys(range(n), 1)
    with workshop.database() as database:
        assert read(database, "speech").state is StudyState.FINISHED
    assert controllers(workshop) == []


def test_they_share_the_work_from_the_first_moment_on(shared_workshop: Workshop) -> None:
    """Both begin a new study at once: neither is refused, and nothing is asked for twice."""
    both = [shared_workshop.start(**SHARED) for _ in range(2)]
    for controller in both:
        wait_for(controller)
    check_each_ran_once(shared_workshop, TRIALS)
    first = [attempt for n in range(TRIALS) for attempt in shared_workshop.attempts(n)]
    shares = Counter(attempt.controller for attempt in first)
    assert len(shares) == 2
    assert min(shares.values()) >= 2
    preset = shared_workshop.config().hparams()
    params = [trial.params for trial in shared_workshop.trials()]
    assert params[0] == {name: getattr(preset, name) for name in params[0]}
    assert len({tuple(one.items()) for one in params}) == TRIALS  # the preset's were tried once


def at_work(
    workshop: Workshop, wait_until: WaitUntil, n: int = 2, trainer: dict[str, int] = LONG["trainer"]
) -> list[Controller]:
    """Two controllers of ``n`` trials, met half-way: that of trial 0, and that of trial 1."""
    sections = {"trainer": trainer, "study": {"trials": n, "jobs": 1}}
    both = [workshop.start(**sections) for _ in range(2)]
    wait_until(lambda: workshop.evaluated(0) and workshop.evaluated(1))
    pids = {one.id: one.pid for one in controllers(workshop)}
    of_pid = {one.pid: one for one in both}
    return [of_pid[pids[trial.controller]] for trial in workshop.trials()[:2]]


def test_of_one_that_is_killed_the_other_takes_over_trials_and_trainers(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    killed, other = at_work(slow_workshop, wait_until)
    killed.kill()
    killed.communicate()
    (pid,) = slow_workshop.pids(0)
    output = wait_for(other)
    assert f"trial 0 goes on in process {pid}, which was found" in output
    assert "trial 1 goes on in process" not in output
    check_each_ran_once(slow_workshop, 2)
    (survivor,) = {trial.controller for trial in slow_workshop.trials()}
    assert slow_workshop.attempts(0)[0].controller == survivor


@pytest.mark.slow
def test_one_that_slept_for_too_long_lets_go(
    slow_workshop: Workshop, wait_until: WaitUntil, request: pytest.FixtureRequest
) -> None:
    """Nobody can tell it from a dead one; it wakes up, finds its trial taken, and helps on."""
    slow_workshop.storage = request.getfixturevalue("postgresql").create()
    impatient = replace(slow_workshop, prelude=IMPATIENT)
    sleeper, other = at_work(impatient, wait_until, 3, {"steps": 150, "evaluate_every": 30})
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_until(lambda: slow_workshop.kept("adopted", number=0))
    os.kill(sleeper.pid, signal.SIGCONT)
    woken, watchful = wait_for(sleeper), wait_for(other)
    assert "trial 0 has been taken over by another controller" in woken
    assert "trial 0 goes on in process" in watchful
    assert "trial 2 starts" in woken  # it was the first to have a slot free
    check_each_ran_once(slow_workshop, 3)


@pytest.mark.slow
def test_one_that_is_stopped_leaves_its_trial_to_the_other(
    slow_workshop: Workshop, wait_until: WaitUntil, request: pytest.FixtureRequest
) -> None:
    slow_workshop.storage = request.getfixturevalue("postgresql").create()
    stopped, other = at_work(slow_workshop, wait_until)
    stopped.terminate()
    output, _ = stopped.communicate(timeout=60)
    assert stopped.returncode == TunerExit.STOPPED, output
    with slow_workshop.database() as database:
        assert read(database, "speech").state is StudyState.RUNNING
    wait_for(other)
    states = [trial.state for trial in slow_workshop.trials()]
    assert states == [TrialState.COMPLETE] * 2
    before, after = slow_workshop.attempts(0)
    assert (before.cause, after.cause) == ("stopped", "finished")
    assert before.controller != after.controller
    assert [started.resumed for started in starts(slow_workshop, 0)] == [False, True]


OTHERWISE = {
    "steps": {"trainer": {"steps": 80, "evaluate_every": 20}},
    "study.trials": {"study": {"trials": 7}},
    "sampler": {"sampler": {"kind": "random"}},
}


def test_one_that_is_set_up_otherwise_is_refused(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """Where each runs trials is its own affair: at most how many, and for how long."""
    one = {**LONG, "study": {"trials": 1}}
    first = slow_workshop.start(**one)
    wait_until(lambda: slow_workshop.evaluated(0))
    for what, sections in OTHERWISE.items():
        config = slow_workshop.config(**{**one, **sections})
        with chdir(slow_workshop.folder), pytest.raises(BadInputError) as raised:
            slow_workshop.main(config).run()
        assert f"is being run by process {first.pid} on " in str(raised.value)
        assert f"with other settings ({what}): start this one with the same" in str(raised.value)
    ran = slow_workshop.run(**{**LONG, "study": {"trials": 1, "jobs": 2, "timeout": "1h"}})
    assert ran.code is TunerExit.FINISHED
    wait_for(first)
    check_each_ran_once(slow_workshop, 1)
