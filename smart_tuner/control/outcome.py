"""What became of a trial, decided from how its trainer ended: a pure function."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smart_tuner.health import Reason, Verdict
from storage.records import TrialState
from trainer.exit_codes import TrainerExit

RETRIED = (Reason.CRASHED, Reason.STALLED)
"""Ends that may be bad luck."""


@dataclass(frozen=True)
class Outcome:
    """The state a trial ends in, and why."""

    state: TrialState
    reason: Reason | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def decide(
    verdict: Verdict | None,
    exit_code: int | None,
    *,
    stop_requested: bool = False,
    stalled: bool = False,
    out_of_memory: bool = False,
    message: str = "",
    divergence: Reason = Reason.NON_FINITE,
) -> Outcome:
    """Judge an ended trainer.

    Args:
        verdict: why the controller pruned it, if it did.
        exit_code: the process's; negative where a signal ended it, ``None`` where nobody saw it.
        stop_requested: whether the controller had asked it to stop.
        stalled: whether the controller killed it because it was silent for too long.
        out_of_memory: whether the system has killed somebody for want of memory meanwhile.
        message: the trainer's last word, for people.
        divergence: why it diverged, if it did.
    """
    if verdict is not None:
        return Outcome(TrialState.PRUNED, verdict.reason, verdict.record())
    if stalled and exit_code != TrainerExit.FINISHED:
        return Outcome(TrialState.FAILED, Reason.STALLED, {"message": message})
    if exit_code is None:
        return Outcome(TrialState.LOST, None, {"message": "nobody saw how its trainer ended"})
    said = {"exit_code": exit_code, "message": message or _explain(exit_code)}
    match exit_code:
        case TrainerExit.FINISHED:
            return Outcome(TrialState.COMPLETE)
        case TrainerExit.STOPPED | TrainerExit.UNWRITABLE:  # its last checkpoint goes on
            return Outcome(TrialState.PAUSED, Reason.STOPPED, said)
        case TrainerExit.DIVERGED:  # with the rule switched off there is no verdict
            return Outcome(TrialState.PRUNED, divergence, said)
        case TrainerExit.OUT_OF_MEMORY:
            return Outcome(TrialState.PRUNED, Reason.OUT_OF_MEMORY, said)
        case TrainerExit.BAD_INPUT:
            return Outcome(TrialState.FAILED, Reason.BAD_INPUT, said)
    if stop_requested and exit_code in (-signal.SIGTERM, -signal.SIGKILL):
        # It was asked before it could listen, or took too long: its last checkpoint goes on.
        return Outcome(TrialState.PAUSED, Reason.STOPPED, said)
    if out_of_memory and exit_code == -signal.SIGKILL:
        return Outcome(TrialState.PRUNED, Reason.OUT_OF_MEMORY, said)
    return Outcome(TrialState.FAILED, Reason.CRASHED, said)


def retried(outcome: Outcome, failures: int, max_retries: int) -> Outcome:
    """``outcome``, or that the trial goes on: a trainer that died is started again.

    Args:
        outcome: of the last attempt.
        failures: how many attempts before it have crashed or stalled.
        max_retries: how often that is mended.
    """
    if outcome.reason not in RETRIED or outcome.state is not TrialState.FAILED:
        return outcome
    if failures < max_retries:
        return Outcome(TrialState.LOST, outcome.reason, outcome.evidence)
    return Outcome(outcome.state, outcome.reason, {**outcome.evidence, "attempts": failures + 1})


def _explain(exit_code: int) -> str:
    if exit_code < 0:
        known = [number.name for number in signal.Signals if number == -exit_code]
        return f"killed by {known[0] if known else f'signal {-exit_code}'}"
    if exit_code == TrainerExit.UNWRITABLE:
        return "its checkpoint could not be written"
    return f"the trainer left with exit code {exit_code}"
