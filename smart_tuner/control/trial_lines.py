"""How a trial's start and end read in the terminal: one line each."""

from collections.abc import Sequence

from smart_tuner.config.sections import Objective
from smart_tuner.control.outcome import Outcome
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.search.objectives import objective_values
from smart_tuner.search.proposals import Proposal
from storage.records import TrialState

_VALUES = 4
"""Of those that decided; the database has all."""


def start_line(proposal: Proposal, *, goes_on: bool) -> str:
    """``trial 3 starts: learning_rate=0.006, guide_g=0.3``."""
    params = ", ".join(f"{name}={_short(value)}" for name, value in proposal.params.items())
    verb = "goes on from its checkpoint" if goes_on else "starts"
    return f"{proposal.name} {verb}: {params}"


def end_line(run: TrialRun, outcome: Outcome, objectives: Sequence[Objective]) -> str:
    """``trial 3 complete at step 500: quality 0.812``, or why it ended before."""
    step = run.verdict.step if run.verdict else run.seen.step
    line = f"{run.name} {outcome.state.value} at step {step}"
    if outcome.state is TrialState.PAUSED:
        return f"{line}, with a checkpoint to go on from"
    if outcome.state is TrialState.LOST:
        why = outcome.reason or "its trainer is gone"
        return f"{run.name} lost its trainer at step {step} ({why}): it will be started again"
    if outcome.reason:
        values = [f"{name} {_short(value)}" for name, value in outcome.evidence.items()]
        return f"{line}: {outcome.reason}" + (f" ({', '.join(values[:_VALUES])})" if values else "")
    if run.best is None:
        return line
    scores = zip(objectives, objective_values(run.best.metrics, objectives), strict=True)
    return f"{line}: {', '.join(f'{name} {score:.3f}' for name, score in scores)}"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
