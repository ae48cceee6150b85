"""Trainers that die, hang or need too much memory: their trials go on, and the reason is kept."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import AttemptRecord, TrialState
from trainer.events import Started, Step

Workshop = Any
STEPS, EVERY = 12, 3
TRAINER = {"steps": STEPS, "evaluate_every": EVERY}
ONE: dict[str, Any] = {"study": {"trials": 1}, "trainer": TRAINER}


def run(workshop: Workshop, *options: str, **sections: Any) -> tuple[TunerExit, str]:
    """One trial, with these options of the stub trainer."""
    workshop.trainer = (*workshop.trainer, *options)
    ran = workshop.run(**{**ONE, **sections})
    return ran.code, ran.out


def seen(attempts: Sequence[AttemptRecord]) -> list[tuple[Any, ...]]:
    """Of each attempt how it ended, and its steps."""
    return [(one.cause, one.exit_code, one.first_step, one.last_step) for one in attempts]


def steps(workshop: Workshop) -> list[int]:
    return [event.step for event in workshop.said(0) if isinstance(event, Step)]


def check_complete(workshop: Workshop) -> None:
    """The trial is complete, and of no evaluation Optuna or our tables heard twice."""
    (trial,), (told,) = workshop.trials(), workshop.optuna_trials()
    assert (trial.state, trial.reason, trial.step) == (TrialState.COMPLETE, None, STEPS)
    assert (trial.evidence, trial.exit_code) == ({}, 0)
    kept = workshop.kept("evaluation", number=0)
    assert [event.step for event in kept] == list(range(EVERY, STEPS + 1, EVERY))
    assert told.state is OptunaState.COMPLETE
    assert told.intermediate_values == {event.step: event.payload["quality"] for event in kept}
    assert told.values == [trial.value]


def test_a_crashed_trainer_is_resumed_from_its_checkpoint(workshop: Workshop) -> None:
    code, out = run(workshop, "--crash-at", "8")
    assert code is TunerExit.FINISHED
    check_complete(workshop)
    assert seen(workshop.attempts(0)) == [("crashed", -9, 0, 7), ("finished", 0, 6, STEPS)]
    assert steps(workshop) == [*range(1, 8), *range(7, STEPS + 1)]
    first, second = workshop.attempts(0)
    assert Path(first.checkpoint) == workshop.paths(0).last_checkpoint.resolve()
    assert first.ended_at <= second.began_at
    assert first.pid != second.pid
    assert "trial 0 lost its trainer at step 7 (crashed): it will be started again" in out
    lost, ended = workshop.kept("ended", number=0)
    assert (lost.payload["state"], lost.payload["reason"]) == ("lost", "crashed")
    assert lost.payload["message"] == "killed by SIGKILL"
    assert ended.payload["state"] == "complete"


def test_one_that_had_no_checkpoint_yet_begins_anew(workshop: Workshop) -> None:
    code, _ = run(workshop, "--crash-at", "2")
    assert code is TunerExit.FINISHED
    check_complete(workshop)
    assert seen(workshop.attempts(0)) == [("crashed", -9, 0, 1), ("finished", 0, 0, STEPS)]
    assert [one.events_offset for one in workshop.attempts(0)] == [0, 0]
    assert steps(workshop) == [*range(1, STEPS + 1)]


@pytest.mark.parametrize("retries", [0, 2])
def test_after_so_many_retries_it_has_failed(
    retries: int, workshop: Workshop, tmp_path: Path
) -> None:
    script = tmp_path / "always.py"  # the stub crashes once; this one forgets that it did
    script.write_text(
        "import runpy, sys; from pathlib import Path\n"
        "for path in Path('runs').glob('*/*/crashed'): path.unlink()\n"
        f"runpy.run_path({workshop.trainer[-1]!r}, run_name='__main__')\n"
    )
    workshop.trainer = (*workshop.trainer[:-1], str(script))
    study = {"trials": 1, "max_retries": retries}
    code, out = run(workshop, "--crash-at", "8", study=study)
    assert code is TunerExit.NO_RESULT
    (trial,), (told,) = workshop.trials(), workshop.optuna_trials()
    assert (trial.state, trial.reason, trial.exit_code) == (TrialState.FAILED, "crashed", -9)
    assert trial.evidence == {
        "exit_code": -9, "message": "killed by SIGKILL", "attempts": retries + 1
    }  # fmt: skip
    assert [one.cause for one in workshop.attempts(0)] == ["crashed"] * (retries + 1)
    assert (told.state, told.user_attrs["reason"]) == (OptunaState.FAIL, "crashed")
    assert list(told.intermediate_values) == [3, 6]
    assert f"trial 0 failed at step 7: crashed (exit_code -9, message killed by SIGKILL, attempts" \
        f" {retries + 1})" in out  # fmt: skip


def test_one_that_hangs_is_killed_and_resumed_and_shows_where_it_was(workshop: Workshop) -> None:
    study = {"trials": 1, "stall_timeout": 2}
    code, out = run(workshop, "--hang-at", "8", study=study)
    assert code is TunerExit.FINISHED
    check_complete(workshop)
    assert seen(workshop.attempts(0)) == [("stalled", -9, 0, 7), ("finished", 0, 6, STEPS)]
    (said,) = re.findall(r"trial 0 has been silent for 2 s: what it was doing is in (\S+)", out)
    report = (workshop.folder / said).read_text(encoding="utf-8")
    assert (workshop.folder / said).parent == workshop.paths(0).root / "debug"
    assert "in fail_once" in report
    assert workshop.attempts(0)[0].pid is not None
    assert f"process {workshop.attempts(0)[0].pid} at" in report


def test_with_too_little_memory_micro_batches_get_smaller(workshop: Workshop) -> None:
    """At the same effective batch size; what was learned stays learned when it crashes later."""
    code, out = run(workshop, "--memory-limit", "1", "--crash-at", "8")
    assert code is TunerExit.FINISHED
    check_complete(workshop)
    attempts = workshop.attempts(0)
    assert [one.cause for one in attempts] == ["out_of_memory"] * 2 + ["crashed", "finished"]
    smaller = [{}, {"micro_batch_size": 2}, {"micro_batch_size": 1}, {"micro_batch_size": 1}]
    assert [one.overrides for one in attempts] == smaller
    assert [one.exit_code for one in attempts[:2]] == [5, 5]
    started = [event for event in workshop.said(0) if isinstance(event, Started)]
    # Of those that left no checkpoint nothing stays but the record.
    assert [event.hparams["batch_size"] for event in started] == [4, 4]
    assert [event.hparams["micro_batch_size"] for event in started] == [1, 1]
    assert out.count("trial 0 lost its trainer at step 0 (out_of_memory)") == 2
    assert "micro_batch_size" not in workshop.trials()[0].params


def test_where_nothing_helps_it_is_infeasible(workshop: Workshop) -> None:
    code, _ = run(workshop, "--memory-limit", "0")
    assert code is TunerExit.NO_RESULT
    (trial,), (told,) = workshop.trials(), workshop.optuna_trials()
    assert (trial.state, trial.reason) == (TrialState.PRUNED, "out_of_memory")
    assert [one.cause for one in workshop.attempts(0)] == ["out_of_memory"] * 3
    assert (told.state, told.constraints) == (OptunaState.PRUNED, {"oom": 1.0})
