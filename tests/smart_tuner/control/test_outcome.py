import signal
from dataclasses import replace

import pytest

from smart_tuner.control.outcome import Outcome, decide, retried
from smart_tuner.health import Reason, Verdict
from storage.records import TrialState
from trainer.exit_codes import TrainerExit

VERDICT = Verdict(Reason.NEVER_ALIGNED, 200, {"mel_l1_ratio": 0.95})
RUNNING, COMPLETE, PRUNED = TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED
PAUSED, FAILED, LOST = TrialState.PAUSED, TrialState.FAILED, TrialState.LOST

TABLE = [
    # exit code, asked to stop, state, reason
    (TrainerExit.FINISHED, False, COMPLETE, None),
    (TrainerExit.FINISHED, True, COMPLETE, None),
    (TrainerExit.STOPPED, True, PAUSED, Reason.STOPPED),
    (TrainerExit.STOPPED, False, PAUSED, Reason.STOPPED),
    (TrainerExit.DIVERGED, False, PRUNED, Reason.NON_FINITE),
    (TrainerExit.OUT_OF_MEMORY, False, PRUNED, Reason.OUT_OF_MEMORY),
    (TrainerExit.OUT_OF_MEMORY, True, PRUNED, Reason.OUT_OF_MEMORY),
    (TrainerExit.BAD_INPUT, False, FAILED, Reason.BAD_INPUT),
    (TrainerExit.UNWRITABLE, False, PAUSED, Reason.STOPPED),
    (TrainerExit.UNWRITABLE, True, PAUSED, Reason.STOPPED),
    (TrainerExit.INTERNAL_ERROR, False, FAILED, Reason.CRASHED),
    (TrainerExit.INTERNAL_ERROR, True, FAILED, Reason.CRASHED),
    (-signal.SIGKILL, False, FAILED, Reason.CRASHED),
    (-signal.SIGTERM, False, FAILED, Reason.CRASHED),
    (-signal.SIGSEGV, True, FAILED, Reason.CRASHED),
    (-signal.SIGTERM, True, PAUSED, Reason.STOPPED),
    (-signal.SIGKILL, True, PAUSED, Reason.STOPPED),
    (77, False, FAILED, Reason.CRASHED),
]


@pytest.mark.parametrize(("exit_code", "asked", "state", "reason"), TABLE)
def test_how_a_trainer_ended_decides(
    exit_code: int, asked: bool, state: TrialState, reason: Reason | None
) -> None:
    outcome = decide(None, exit_code, stop_requested=asked)
    assert (outcome.state, outcome.reason) == (state, reason)
    assert outcome.evidence.get("exit_code") == (None if state is COMPLETE else exit_code)


@pytest.mark.parametrize("why", [Reason.GRADIENT_EXPLOSION, Reason.NON_FINITE])
def test_a_trainer_that_diverged_says_why(why: Reason) -> None:
    outcome = decide(None, TrainerExit.DIVERGED, divergence=why)
    assert (outcome.state, outcome.reason) == (PRUNED, why)


@pytest.mark.parametrize("exit_code", [*TrainerExit, -signal.SIGTERM, -signal.SIGKILL])
def test_a_verdict_stands_whatever_the_exit_code(exit_code: int) -> None:
    outcome = decide(VERDICT, exit_code, stop_requested=True, message="said")
    assert outcome == Outcome(TrialState.PRUNED, Reason.NEVER_ALIGNED, VERDICT.record())
    assert outcome.evidence["mel_l1_ratio"] == 0.95


@pytest.mark.parametrize(
    ("exit_code", "message", "told"),
    [
        (1, "RuntimeError: no", "RuntimeError: no"),
        (1, "", "the trainer left with exit code 1"),
        (TrainerExit.UNWRITABLE, "", "its checkpoint could not be written"),
        (-signal.SIGKILL, "", "killed by SIGKILL"),
        (-40, "", "killed by signal 40"),
        (-signal.SIGRTMIN, "", "killed by SIGRTMIN"),
    ],
)
def test_the_evidence_says_what_happened(exit_code: int, message: str, told: str) -> None:
    assert decide(None, exit_code, message=message).evidence["message"] == told


def test_an_end_that_nobody_saw_loses_the_trial() -> None:
    outcome = decide(None, None)
    assert (outcome.state, outcome.reason) == (LOST, None)
    assert outcome.evidence == {"message": "nobody saw how its trainer ended"}


@pytest.mark.parametrize("exit_code", [None, -signal.SIGKILL, TrainerExit.STOPPED])
def test_silence_is_why_it_was_killed(exit_code: int | None) -> None:
    """Whatever the system says of the kill; an adopted trainer's exit code is not known."""
    outcome = decide(None, exit_code, stalled=True, message="at step 7")
    assert outcome == Outcome(FAILED, Reason.STALLED, {"message": "at step 7"})


def test_one_that_was_finished_before_the_kill_is_complete() -> None:
    assert decide(None, TrainerExit.FINISHED, stalled=True) == Outcome(COMPLETE)


CRASHED = Outcome(FAILED, Reason.CRASHED, {"exit_code": -9, "message": "killed by SIGKILL"})


@pytest.mark.parametrize("reason", [Reason.CRASHED, Reason.STALLED])
@pytest.mark.parametrize(
    ("failures", "max_retries", "state"),
    [(0, 2, LOST), (1, 2, LOST), (2, 2, FAILED), (3, 2, FAILED), (0, 0, FAILED)],
)
def test_bad_luck_is_mended_so_often(
    failures: int, max_retries: int, state: TrialState, reason: Reason
) -> None:
    before = replace(CRASHED, reason=reason)
    after = retried(before, failures, max_retries)
    assert (after.state, after.reason) == (state, reason)
    attempts = {"attempts": failures + 1} if state is FAILED else {}
    assert after.evidence == {**CRASHED.evidence, **attempts}


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(COMPLETE),
        Outcome(PAUSED, Reason.STOPPED),
        Outcome(PRUNED, Reason.OUT_OF_MEMORY),
        Outcome(PRUNED, Reason.STATISTICAL),
        Outcome(FAILED, Reason.BAD_INPUT),
        Outcome(LOST, None),
    ],
    ids=str,
)
def test_what_is_no_bad_luck_stays(outcome: Outcome) -> None:
    assert retried(outcome, 0, 2) is outcome
