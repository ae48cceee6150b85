"""Ends before the end: of a controller, politely or not, and what its successor makes of it."""

import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.progress import Progress
from storage.records import StudyState, TrialState
from storage.status import read
from trainer import events

Workshop = Any
WaitUntil = Callable[..., None]
# Long enough to be met half-way, after the first evaluation and before the last.
LONG: dict[str, Any] = {"trainer": {"steps": 90, "evaluate_every": 30}}
ONE: dict[str, Any] = {**LONG, "study": {"trials": 1}}
TWO_AT_ONCE: dict[str, Any] = {**LONG, "study": {"trials": 2, "jobs": 2}}


def attempts(workshop: Workshop, number: int) -> list[events.Started]:
    return [event for event in workshop.said(number) if isinstance(event, events.Started)]


def steps(workshop: Workshop, number: int) -> list[int]:
    return [event.step for event in workshop.said(number) if isinstance(event, events.Step)]


def check_whole(workshop: Workshop, number: int) -> None:
    """A trial that was interrupted ended as if it had not been; nothing was reported twice."""
    trial = workshop.trials()[number]
    assert (trial.state, trial.step, trial.reason) == (TrialState.COMPLETE, 90, None)
    assert (trial.exit_code, trial.evidence, trial.pid) == (0, {}, None)
    evaluations = workshop.kept("evaluation", number=number)
    assert [event.step for event in evaluations] == [30, 60, 90]
    told = workshop.optuna_trials()[number]
    assert told.state is OptunaState.COMPLETE
    assert told.intermediate_values == {e.step: e.payload["quality"] for e in evaluations}
    assert told.values == [trial.value] == [max(told.intermediate_values.values())]
    assert workshop.checkpoints(number) == {"best.pt", "last.pt"}


def check_paused(workshop: Workshop, *numbers: int) -> None:
    """The trials wait for the next start, with checkpoints."""
    for number in numbers:
        trial = workshop.trials()[number]
        assert (trial.state, trial.reason) == (TrialState.PAUSED, "stopped")
        assert workshop.paths(number).last_checkpoint.exists()
        assert workshop.optuna_trials()[number].state is OptunaState.RUNNING
    with workshop.database() as database:
        assert read(database, "speech").state is StudyState.STOPPED
        assert Progress(database).list_of("speech") == []


@pytest.mark.slow
def test_a_stopped_study_goes_on_where_it_was(
    real_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = real_workshop.start(**ONE)
    wait_until(lambda: real_workshop.evaluated(0))
    controller.terminate()
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode == TunerExit.STOPPED, output
    assert "Study 'speech' stopped; start it again to continue where it is." in output
    assert "torch loaded: False" in output
    check_paused(real_workshop, 0)
    at = steps(real_workshop, 0)[-1]
    assert 30 <= at < 90

    assert real_workshop.run(**ONE).code is TunerExit.FINISHED
    first, second = attempts(real_workshop, 0)
    assert (first.step, first.resumed) == (0, False)
    assert (second.step, second.resumed, second.steps) == (at, True, 90)
    assert steps(real_workshop, 0) == list(range(1, 91))
    check_whole(real_workshop, 0)


@pytest.mark.slow
def test_of_a_killed_controller_the_trainer_goes_on_and_is_adopted(
    real_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = real_workshop.start(**ONE)
    wait_until(lambda: real_workshop.evaluated(0))
    controller.kill()
    controller.communicate()
    assert psutil.Process(real_workshop.pids(0)[0]).is_running()
    with real_workshop.database() as database:
        assert read(database, "speech").state is StudyState.CONTROLLER_LOST

    # Another length is for new trials: this one's schedule must not change half-way.
    other = {"study": {"trials": 1}, "trainer": {"steps": 120, "evaluate_every": 30}}
    assert real_workshop.run(**other).code is TunerExit.FINISHED
    (attempt,) = attempts(real_workshop, 0)
    assert (attempt.resumed, attempt.steps) == (False, 90)
    assert steps(real_workshop, 0) == list(range(1, 91))
    check_whole(real_workshop, 0)


def test_several_trials_are_stopped_and_taken_up_together(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = slow_workshop.start(**TWO_AT_ONCE)
    wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
    controller.send_signal(signal.SIGINT)
    controller.communicate(timeout=60)
    assert controller.returncode == TunerExit.STOPPED
    check_paused(slow_workshop, 0, 1)
    assert slow_workshop.run(**TWO_AT_ONCE).code is TunerExit.FINISHED
    for number in (0, 1):
        check_whole(slow_workshop, number)
        assert [attempt.resumed for attempt in attempts(slow_workshop, number)] == [False, True]


def test_stopped_while_the_cost_is_measured(real_workshop: Workshop, wait_until: WaitUntil) -> None:
    controller = real_workshop.start(**ONE)
    runs = real_workshop.folder / "runs" / "speech"
    wait_until(lambda: list(runs.glob("estimate-*/events.jsonl")))
    controller.terminate()
    output, _ = controller.communicate(timeout=30)
    assert controller.returncode == TunerExit.STOPPED, output
    assert real_workshop.trials() == []


def test_a_second_request_ends_at_once(deaf_workshop: Workshop, wait_until: WaitUntil) -> None:
    controller = deaf_workshop.start(**ONE)
    wait_until(lambda: deaf_workshop.evaluated(0))
    controller.send_signal(signal.SIGINT)
    time.sleep(1)
    assert controller.poll() is None
    begun = time.monotonic()
    controller.send_signal(signal.SIGINT)
    controller.communicate(timeout=60)
    assert time.monotonic() - begun < 5
    assert controller.returncode == TunerExit.STOPPED
    (pid,) = deaf_workshop.pids(0)
    assert not psutil.pid_exists(pid)
    check_paused(deaf_workshop, 0)
    assert deaf_workshop.trials()[0].exit_code == -signal.SIGKILL


def test_a_timeout_stops_politely(slow_workshop: Workshop) -> None:
    begun = time.monotonic()
    ran = slow_workshop.run(**ONE | {"study": {"trials": 2, "timeout": "2s"}})
    assert time.monotonic() - begun < 8
    assert ran.code is TunerExit.NO_RESULT  # it did as it was told, and had too little time
    check_paused(slow_workshop, 0)
    assert len(slow_workshop.trials()) == 1
    assert "about 0 fit into 2 s" in ran.out


def test_a_trainer_that_leaves_by_itself_is_taken_up_again(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """As it does when its lease has run out, after its controller slept."""
    controller = slow_workshop.start(**ONE)
    wait_until(lambda: slow_workshop.evaluated(0))
    psutil.Process(slow_workshop.pids(0)[0]).terminate()
    wait_until(lambda: len(attempts(slow_workshop, 0)) == 2)
    (again,) = slow_workshop.trials()
    assert (again.state, again.reason, again.evidence) == (TrialState.RUNNING, None, {})
    assert (again.exit_code, again.status, again.ended_at) == (None, None, None)
    assert controller.wait(timeout=60) == TunerExit.FINISHED
    assert [attempt.resumed for attempt in attempts(slow_workshop, 0)] == [False, True]
    check_whole(slow_workshop, 0)
