"""What pruning has saved: steps that were planned and never made, and the hours of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.endings import Ending, TrialCost
from storage.records import StudyRecord, TrialRole, TrialState


@dataclass(frozen=True)
class Saving:
    """What the trials saved that were pruned for one reason."""

    reason: str
    role: TrialRole
    trials: int
    steps: int
    seconds: float
    """Of trainers, at the study's mean pace."""


def savings(
    study: StudyRecord, trials: Sequence[Ending], costs: Mapping[int, TrialCost]
) -> list[Saving]:
    """By reason and role, the most steps first; empty where nothing was pruned.

    A trial was to take ``trainer.steps``; probes are told apart, for they were made to be pruned.
    """
    planned = planned_steps(study)
    if planned is None:
        return []
    pace = seconds_per_step(costs)
    groups: dict[tuple[str, TrialRole], list[int]] = {}
    for trial in trials:
        if trial.state is TrialState.PRUNED and trial.role is not TrialRole.FINISH:
            left = max(0, planned - (trial.step or 0))
            groups.setdefault((trial.reason or "", trial.role), []).append(left)
    found = [
        Saving(reason, role, len(left), sum(left), sum(left) * pace)
        for (reason, role), left in groups.items()
    ]
    return sorted(found, key=lambda saving: (-saving.steps, saving.reason, saving.role))


def planned_steps(study: StudyRecord) -> int | None:
    """The steps of a trial that nobody prunes; ``None`` where the study doesn't say."""
    steps = study.config.get("trainer", {}).get("steps", study.identity.get("steps"))
    return steps if isinstance(steps, int) else None


def seconds_per_step(costs: Mapping[int, TrialCost]) -> float:
    """The study's mean pace, evaluations and starts among it; 0 before the first step."""
    steps = sum(cost.steps for cost in costs.values())
    return sum(cost.seconds for cost in costs.values()) / steps if steps else 0.0
