"""What somebody outside asks for, the controller does once, answers and puts on record."""

import getpass
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage import commands
from storage.commands import Commands
from storage.records import CommandRecord, CommandState, StudyState, TrialState
from storage.status import read
from storage.studies import Studies

Workshop = Any
WaitUntil = Callable[..., None]
NAME = "speech"
STUDY: dict[str, Any] = {
    "study": {"trials": 2, "jobs": 2},
    "trainer": {"steps": 160, "evaluate_every": 10},
}
LONG = {**STUDY, "trainer": {"steps": 2000, "evaluate_every": 10}}
"""With trials that outlast any test."""
ACKNOWLEDGED_SECONDS = 2.0


class Said(NamedTuple):
    """How a call of ``smart-tuner`` ended."""

    code: int
    out: str
    err: str


def cli(workshop: Workshop, *arguments: str) -> Said:
    """Call ``smart-tuner`` beside the controller, as a person in another terminal does."""
    done = subprocess.run(
        [sys.executable, "-m", "smart_tuner.cli", *arguments],
        cwd=workshop.folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def asked(workshop: Workshop) -> list[CommandRecord]:
    with workshop.database() as database:
        return Commands(database).list_of(NAME)


def answered(workshop: Workshop, command: int, wait_until: WaitUntil) -> tuple[str, str]:
    """The state and the answer of a command, once it has them."""
    wait_until(lambda: workshop.answer(command)[0] != "pending")
    state, answer = workshop.answer(command)
    assert answer is not None
    return state, answer


def state(workshop: Workshop) -> StudyState:
    with workshop.database() as database:
        return read(database, NAME).state


def states(workshop: Workshop) -> list[TrialState]:
    return [trial.state for trial in workshop.trials()]


class TestPause:
    def test_trainers_leave_and_resume_goes_on_from_their_checkpoints(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        controller = slow_workshop.start(**STUDY)
        wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))

        said = cli(slow_workshop, "pause", NAME, "--wait")
        assert said == (0, "pausing: 2 trainers are leaving with checkpoints\n", said.err)
        assert said.err == f"study '{NAME}' is paused\n"
        assert states(slow_workshop) == [TrialState.PAUSED] * 2
        assert all(slow_workshop.paths(number).last_checkpoint.exists() for number in (0, 1))
        steps = [trial.step for trial in slow_workshop.trials()]
        assert controller.poll() is None

        assert cli(slow_workshop, "pause") == (0, "paused already\n", "")
        assert cli(slow_workshop, "resume", NAME) == (0, "running again\n", "")
        assert controller.wait(timeout=60) == TunerExit.FINISHED
        assert states(slow_workshop) == [TrialState.COMPLETE] * 2
        assert [len(slow_workshop.pids(number)) for number in (0, 1)] == [2, 2]
        once = list(range(10, 161, 10))
        assert [slow_workshop.evaluated(number) for number in (0, 1)] == [once] * 2
        assert all(10 <= step < 160 for step in steps)

    def test_it_is_pausing_within_two_seconds_and_no_trial_starts(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**{**LONG, "study": {"trials": 4, "jobs": 1}})
        wait_until(lambda: slow_workshop.evaluated(0))
        began = time.monotonic()
        command = slow_workshop.ask("pause")
        wait_until(lambda: state(slow_workshop) is not StudyState.RUNNING)
        assert time.monotonic() - began < ACKNOWLEDGED_SECONDS
        assert answered(slow_workshop, command, wait_until) == (
            "done", "pausing: 1 trainer is leaving with checkpoints",
        )  # fmt: skip
        wait_until(lambda: state(slow_workshop) is StudyState.PAUSED, seconds=10)
        time.sleep(2.5)
        assert states(slow_workshop) == [TrialState.PAUSED]

    def test_a_paused_study_can_be_stopped(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        controller = slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0))
        assert cli(slow_workshop, "pause", "--wait").code == 0
        said = cli(slow_workshop, "stop", "--wait")
        assert said == (0, "stopping with checkpoints\n", f"study '{NAME}' is stopped\n")
        assert controller.wait(timeout=30) == TunerExit.STOPPED

    def test_resuming_what_is_not_paused_is_refused(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0))
        said = cli(slow_workshop, "resume")
        assert said == (2, "", f"error: study '{NAME}' is not paused\n")
        assert state(slow_workshop) is StudyState.RUNNING


def test_stop_is_obeyed_and_answered(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    controller = slow_workshop.start(**LONG)
    wait_until(lambda: slow_workshop.evaluated(0))
    said = cli(slow_workshop, "stop", NAME)
    assert said == (0, "stopping with checkpoints\n", "")
    assert controller.wait(timeout=30) == TunerExit.STOPPED
    assert set(states(slow_workshop)) == {TrialState.PAUSED}
    assert {trial.reason for trial in slow_workshop.trials()} == {"stopped"}
    assert slow_workshop.paths(0).last_checkpoint.exists()
    assert state(slow_workshop) is StudyState.STOPPED
    slow_workshop.start(**LONG)  # it was obeyed, once: the next start goes on
    wait_until(lambda: len(slow_workshop.pids(0)) == 2)
    time.sleep(1.5)
    assert state(slow_workshop) is StudyState.RUNNING


class TestPrune:
    def test_it_ends_one_trial_and_the_study_goes_on(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        controller = slow_workshop.start(**STUDY)
        wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
        assert cli(slow_workshop, "prune", "0") == (0, "trial 0 is pruned\n", "")
        assert controller.wait(timeout=30) == TunerExit.FINISHED
        pruned, other = slow_workshop.trials()
        assert (pruned.state, pruned.reason) == (TrialState.PRUNED, "stopped")
        assert set(pruned.evidence) == {"asked_by", "asked_from"}
        assert 10 <= pruned.step < 160
        assert other.state is TrialState.COMPLETE
        assert slow_workshop.optuna_trials()[0].state is OptunaState.PRUNED
        assert slow_workshop.checkpoints(0) == {"last.pt"}

    def test_one_that_waits_and_one_that_is_not_there(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
        slow_workshop.ask("pause")
        wait_until(lambda: state(slow_workshop) is StudyState.PAUSED)
        numbers = [slow_workshop.ask("prune", number) for number in (1, 1, 9)]
        assert [answered(slow_workshop, number, wait_until) for number in numbers] == [
            ("done", "trial 1 is pruned"),
            ("refused", "trial 1 has ended already (pruned)"),
            ("refused", f"study '{NAME}' has no trial 9"),
        ]
        assert states(slow_workshop) == [TrialState.PAUSED, TrialState.PRUNED]
        wait_until(lambda: slow_workshop.optuna_trials()[1].state is OptunaState.PRUNED)
        slow_workshop.ask("resume")
        wait_until(lambda: len(slow_workshop.pids(0)) == 2)
        assert len(slow_workshop.pids(1)) == 1


class TestSet:
    def test_more_trials_and_more_at_once(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**{**LONG, "study": {"trials": 1, "jobs": 1}})
        wait_until(lambda: slow_workshop.evaluated(0))
        said = cli(slow_workshop, "set", NAME, "trials=3", "jobs=2")
        assert said == (0, "trials is 3 now (was 1), jobs is 2 now (was 1)\n", "")
        with slow_workshop.database() as database:
            assert read(database, NAME).trials_target == 3
            study = Studies(database).get(NAME)
        assert study is not None
        assert study.settings == {"trials": 3, "jobs": 2}
        wait_until(lambda: states(slow_workshop) == [TrialState.RUNNING] * 2)

    def test_a_timeout_that_has_passed_stops(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        controller = slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0))
        said = cli(slow_workshop, "set", "timeout=1s")
        assert said == (0, "timeout is 1s now (was none)\n", "")
        assert controller.wait(timeout=30) == TunerExit.NO_RESULT
        assert set(states(slow_workshop)) == {TrialState.PAUSED}

    def test_what_comes_unchecked_is_refused(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0))
        wrong: list[tuple[str, dict[str, Any], str]] = [
            ("set", {"trials": 0}, "trials=0: input should be"),
            ("set", {"trials": None}, "trials=None: input should be"),
            ("set", {"seed": 3}, "'seed' can't be set while a study runs"),
            ("set", {"timeout": "soon"}, "'soon' is no duration"),
            ("enqueue", {"params": {"learning_rate": 5.0}}, "learning_rate=5.0 lies outside"),
            ("enqueue", {}, "nothing to try"),
            ("prune", {}, "name the trial to prune"),
            ("dance", {}, "'dance' is no command"),
        ]
        numbers = [slow_workshop.ask(kind, **arguments) for kind, arguments, _ in wrong]
        for number, (_, _, words) in zip(numbers, wrong, strict=True):
            verdict, answer = answered(slow_workshop, number, wait_until)
            assert verdict == "refused"
            assert words in answer


def test_what_is_enqueued_is_tried_next(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    slow_workshop.start(**{**LONG, "study": {"trials": 3, "jobs": 1}})
    wait_until(lambda: slow_workshop.evaluated(0))
    said = cli(slow_workshop, "enqueue", NAME, "learning_rate=5e-3, guide_g=0.25")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith(": learning_rate=0.005, guide_g=0.25\n")
    slow_workshop.ask("set", jobs=3)
    wait_until(lambda: len(slow_workshop.trials()) == 3)
    _, mine, other = slow_workshop.trials()
    assert (mine.params["learning_rate"], mine.params["guide_g"]) == (0.005, 0.25)
    assert set(mine.params) == set(other.params)
    assert other.params["learning_rate"] != 0.005


class TestRecord:
    def test_who_when_from_where_and_what_came_of_it(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        slow_workshop.start(**LONG)
        wait_until(lambda: slow_workshop.evaluated(0))
        unknown = slow_workshop.ask("dance")
        assert answered(slow_workshop, unknown, wait_until)[0] == "refused"
        assert cli(slow_workshop, "prune", "0").code == 0

        bots, mine = asked(slow_workshop)
        assert (bots.requested_by, bots.source) == ("anna", "bot")
        assert (mine.requested_by, mine.source) == (
            getpass.getuser(), f"cli on {socket.gethostname()}",
        )  # fmt: skip
        for command in (bots, mine):
            assert command.answered_at is not None
            seconds = (command.answered_at - command.requested_at).total_seconds()
            assert 0 <= seconds < ACKNOWLEDGED_SECONDS
        kept = slow_workshop.kept("command")
        assert [event.payload["kind"] for event in kept] == ["dance", "prune"]
        assert [event.payload["state"] for event in kept] == ["refused", "done"]
        assert kept[1].payload["requested_by"] == getpass.getuser()
        listed = cli(slow_workshop, "commands").out
        assert "dance" in listed
        assert "prune trial 0" in listed

    def test_of_two_controllers_one_obeys(
        self, slow_workshop: Workshop, wait_until: WaitUntil
    ) -> None:
        study = {**LONG, "study": {"trials": 2, "jobs": 1}}
        controllers = [slow_workshop.start(**study) for _ in range(2)]
        wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
        for trials in range(3, 8):
            slow_workshop.ask("set", trials=trials)
        wait_until(lambda: all(c.state is CommandState.DONE for c in asked(slow_workshop)))
        answers = [f"trials is {n} now (was {n - 1})" for n in range(3, 8)]
        assert [command.answer for command in asked(slow_workshop)] == answers
        assert [event.payload["answer"] for event in slow_workshop.kept("command")] == answers
        said = cli(slow_workshop, "stop", "--wait")
        assert said == (0, "stopping with checkpoints\n", f"study '{NAME}' is stopped\n")
        assert [c.wait(timeout=30) for c in controllers] == [TunerExit.STOPPED] * 2


def test_what_nobody_was_there_to_hear_in_time_stops_no_later_controller(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "EXPIRES_AFTER_SECONDS", 0.5)
    workshop.run(study={"trials": 1})
    command = workshop.ask("stop")
    time.sleep(0.6)
    assert workshop.run(study={"trials": 2}).code is TunerExit.FINISHED
    verdict, answer = workshop.answer(command)
    assert verdict == "expired"
    assert str(answer).startswith(f"no controller ran study '{NAME}' within 0.5 s of this: ")


def test_a_controller_that_comes_in_time_obeys(slow_workshop: Workshop) -> None:
    stopped = {**LONG, "study": {"trials": 1, "jobs": 1, "timeout": "1s"}}
    slow_workshop.run(**stopped)
    command = slow_workshop.ask("stop")
    assert slow_workshop.run(**LONG).code is TunerExit.STOPPED
    assert slow_workshop.answer(command) == ("done", "stopping with checkpoints")
