import signal

import pytest

from smart_tuner.health import Reason, Verdict
from smart_tuner.outcome import Outcome, decide
from storage.records import TrialState
from trainer.exit_codes import TrainerExit

VERDICT = Verdict(Reason.NEVER_ALIGNED, 200, {"mel_l1_ratio": 0.95})
RUNNING, COMPLETE, PRUNED = TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED
STOPPED, FAILED = TrialState.STOPPED, TrialState.FAILED

TABLE = [
    # exit code, asked to stop, state, reason
    (TrainerExit.FINISHED, False, COMPLETE, None),
    (TrainerExit.FINISHED, True, COMPLETE, None),
    (TrainerExit.STOPPED, True, STOPPED, Reason.STOPPED),
    (TrainerExit.STOPPED, False, STOPPED, Reason.STOPPED),
    (TrainerExit.DIVERGED, False, PRUNED, Reason.NON_FINITE),
    (TrainerExit.OUT_OF_MEMORY, False, PRUNED, Reason.OUT_OF_MEMORY),
    (TrainerExit.OUT_OF_MEMORY, True, PRUNED, Reason.OUT_OF_MEMORY),
    (TrainerExit.BAD_INPUT, False, FAILED, Reason.BAD_INPUT),
    (TrainerExit.UNWRITABLE, False, STOPPED, Reason.STOPPED),
    (TrainerExit.UNWRITABLE, True, STOPPED, Reason.STOPPED),
    (TrainerExit.INTERNAL_ERROR, False, FAILED, Reason.CRASHED),
    (TrainerExit.INTERNAL_ERROR, True, FAILED, Reason.CRASHED),
    (-signal.SIGKILL, False, FAILED, Reason.CRASHED),
    (-signal.SIGTERM, False, FAILED, Reason.CRASHED),
    (-signal.SIGSEGV, True, FAILED, Reason.CRASHED),
    (-signal.SIGTERM, True, STOPPED, Reason.STOPPED),
    (-signal.SIGKILL, True, STOPPED, Reason.STOPPED),
    (77, False, FAILED, Reason.CRASHED),
]


@pytest.mark.parametrize(("exit_code", "asked", "state", "reason"), TABLE)
def test_how_a_trainer_ended_decides(
    exit_code: int, asked: bool, state: TrialState, reason: Reason | None
) -> None:
    outcome = decide(None, exit_code, asked, "")
    assert (outcome.state, outcome.reason) == (state, reason)
    assert outcome.evidence.get("exit_code") == (None if state is COMPLETE else exit_code)


@pytest.mark.parametrize("why", [Reason.GRADIENT_EXPLOSION, Reason.NON_FINITE])
def test_a_trainer_that_diverged_says_why(why: Reason) -> None:
    outcome = decide(None, TrainerExit.DIVERGED, False, "", why)
    assert (outcome.state, outcome.reason) == (PRUNED, why)


@pytest.mark.parametrize("exit_code", [*TrainerExit, -signal.SIGTERM, -signal.SIGKILL])
def test_a_verdict_stands_whatever_the_exit_code(exit_code: int) -> None:
    outcome = decide(VERDICT, exit_code, True, "said")
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
    assert decide(None, exit_code, False, message).evidence["message"] == told
