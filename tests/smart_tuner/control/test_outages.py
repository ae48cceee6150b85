"""The database away, locked or without room while trials run: training goes on, nothing is lost."""

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psutil
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import TrialState
from trainer.events import Started, Step

Workshop = Any
WaitUntil = Callable[..., None]
STEPS, EVERY = 160, 10
TWO: dict[str, Any] = {
    "study": {"trials": 2, "jobs": 2},
    "trainer": {"steps": STEPS, "evaluate_every": EVERY},
    "pruner": {"kind": "none"},
}
AWAY_SECONDS = 4.0
IMPATIENT = "import storage.engine; storage.engine.BUSY_TIMEOUT_SECONDS = 1\n"
"""With SQLite as it is, a lock of less than half a minute is no outage."""


@contextmanager
def two_trials(workshop: Workshop, wait_until: WaitUntil) -> Iterator[subprocess.Popen[str]]:
    """A controller whose two trials are on their way; in the end, that nothing was lost."""
    controller = workshop.start(**TWO)
    wait_until(lambda: workshop.evaluated(0) and workshop.evaluated(1))
    began = [workshop.evaluated(number)[-1] for number in (0, 1)]
    yield controller
    ended = [workshop.evaluated(number)[-1] for number in (0, 1)]
    assert all(after >= before + 2 * EVERY for before, after in zip(began, ended, strict=True))
    output, _ = controller.communicate(timeout=90)
    assert controller.returncode == TunerExit.FINISHED, output
    assert "the database is away; trainers go on" in output
    assert "the database is back after" in output
    check_nothing_was_lost(workshop)


def check_nothing_was_lost(workshop: Workshop) -> None:
    """As if there had been no outage: one attempt a trial, all told once and in order."""
    for number, (trial, told) in enumerate(
        zip(workshop.trials(), workshop.optuna_trials(), strict=True)
    ):
        assert (trial.state, trial.step) == (TrialState.COMPLETE, STEPS)
        said = workshop.said(number)
        assert sum(isinstance(event, Started) for event in said) == 1
        assert [event.step for event in said if isinstance(event, Step)] == [*range(1, STEPS + 1)]
        kept = workshop.kept("evaluation", number=number)
        assert [event.step for event in kept] == [*range(EVERY, STEPS + 1, EVERY)]
        assert told.state is OptunaState.COMPLETE
        assert told.intermediate_values == {e.step: e.payload["quality"] for e in kept}
        assert told.values == [trial.value] == [max(told.intermediate_values.values())]
        assert [one.cause for one in workshop.attempts(number)] == ["finished"]
        assert len(workshop.kept("started", "ended", number=number)) == 2


def test_a_server_that_is_stopped_and_started(
    slow_workshop: Workshop, wait_until: WaitUntil, restartable_postgresql: Any
) -> None:
    slow_workshop.storage = restartable_postgresql.create()
    with two_trials(slow_workshop, wait_until) as controller:
        restartable_postgresql.stop()
        time.sleep(AWAY_SECONDS)
        assert controller.poll() is None
        restartable_postgresql.start()


def test_a_file_that_another_process_locks(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    impatient = replace(slow_workshop, prelude=IMPATIENT)
    with two_trials(impatient, wait_until) as controller:
        held = sqlite3.connect(slow_workshop.folder / "smart_tuner.db", timeout=30)
        held.execute("BEGIN EXCLUSIVE")
        time.sleep(AWAY_SECONDS)
        assert controller.poll() is None
        held.rollback()
        held.close()


def test_a_disk_without_room(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    """The controller may write no byte more: so says a limit that the system sets it."""
    with two_trials(slow_workshop, wait_until) as controller:
        system = psutil.Process(controller.pid)
        usual = system.rlimit(psutil.RLIMIT_FSIZE)
        system.rlimit(psutil.RLIMIT_FSIZE, (0, usual[1]))
        time.sleep(AWAY_SECONDS)
        assert controller.poll() is None
        system.rlimit(psutil.RLIMIT_FSIZE, usual)


FULL = """
import errno, os
from smart_tuner.launch import launcher
_write = launcher.write_hparams
def _full(path, hparams):
    if path.parent.name == "1":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _write(path, hparams)
launcher.write_hparams = _full
"""


def test_a_trainer_that_cannot_be_started_for_want_of_room(slow_workshop: Workshop) -> None:
    """One clear line; what ran has left with a checkpoint, and the next start goes on."""
    controller = replace(slow_workshop, prelude=FULL).start(**TWO)
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode not in (TunerExit.FINISHED, 0)
    last = output.strip().splitlines()
    assert any("trial 1 can't be started (No space left on device)" in line for line in last)
    states = [trial.state for trial in slow_workshop.trials()]
    assert states == [TrialState.PAUSED, TrialState.PAUSED]
    assert slow_workshop.run(**TWO).code is TunerExit.FINISHED
    assert all(trial.step == STEPS for trial in slow_workshop.trials())


def test_whoever_does_not_want_to_wait_stops_with_checkpoints(
    slow_workshop: Workshop, wait_until: WaitUntil, restartable_postgresql: Any
) -> None:
    """What happened until then is written by the next controller."""
    slow_workshop.storage = restartable_postgresql.create()
    controller = slow_workshop.start(**TWO)
    wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
    restartable_postgresql.stop()
    wait_until(lambda: len(slow_workshop.evaluated(0)) >= 4)
    controller.terminate()
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode == TunerExit.STOPPED, output
    assert "Traceback" not in output
    assert "the database is away; trainers go on" in output
    assert "invalid data" not in output  # Optuna's guess
    trainers = [slow_workshop.pids(number)[0] for number in (0, 1)]
    assert not any(map(psutil.pid_exists, trainers))
    restartable_postgresql.start()
    assert slow_workshop.run(**TWO).code is TunerExit.FINISHED
    for number, trial in enumerate(slow_workshop.trials()):
        assert (trial.state, trial.step) == (TrialState.COMPLETE, STEPS)
        kept = slow_workshop.kept("evaluation", number=number)
        assert [event.step for event in kept] == [*range(EVERY, STEPS + 1, EVERY)]
        assert [one.cause for one in slow_workshop.attempts(number)] == ["stopped", "finished"]
