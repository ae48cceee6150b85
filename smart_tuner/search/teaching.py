"""What Optuna is told of a trial that has ended: one rule, whoever tells it."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial, TrialState

from smart_tuner.health import Reason
from storage import records
from storage.records import TrialRecord, TrialRole

_OOM_CONSTRAINT = "oom"
_RESTARTS_CONSTRAINT = "restarts"


class Ended(Protocol):
    """What of a trial decides what is to be learned from it."""

    @property
    def role(self) -> TrialRole:
        """A probe or a finish teaches nobody."""

    @property
    def state(self) -> records.TrialState:
        """How it ended."""

    @property
    def value(self) -> float | None:
        """The first objective's."""

    @property
    def values(self) -> Sequence[float] | None:
        """One an objective, where there are several."""


@dataclass(frozen=True)
class Lesson:
    """How a trial ends in Optuna."""

    state: TrialState
    values: tuple[float, ...] = ()
    """One an objective, of a complete one."""


def lesson_of(trial: Ended) -> Lesson:
    """What Optuna is to know of a trial that has ended, as our tables have it."""
    values = tuple(value for value in trial.values or (trial.value,) if value is not None)
    if trial.role is not TrialRole.TRIAL or trial.state is records.TrialState.FAILED:
        return Lesson(TrialState.FAIL)
    if trial.state is not records.TrialState.COMPLETE:
        return Lesson(TrialState.PRUNED)
    tellable = values and not any(map(math.isnan, values))
    return Lesson(TrialState.COMPLETE, values) if tellable else Lesson(TrialState.FAIL)


def teach(study: Study, trial: Trial, record: TrialRecord) -> None:
    """Tell Optuna the end of a trial; what was told before stays as it is.

    Args:
        study: Optuna's.
        trial: Optuna's.
        record: ours, of the same trial.
    """
    lesson = lesson_of(record)
    values = list(lesson.values) if lesson.state is TrialState.COMPLETE else None
    with suppress(UpdateFinishedTrialError):  # another process tells it in this moment: the same
        _explain(trial, record, lesson)
        study.tell(record.number, values, state=lesson.state, skip_if_finished=True)


def _explain(trial: Trial, record: TrialRecord, lesson: Lesson) -> None:
    """Why it ended so, and what it owes to rescues: with any it counts as infeasible.

    Else a learning rate that explodes, rescued down to a good one, would be taught as good.
    """
    restarts = record.metrics.get("restarts")
    if restarts is not None:
        trial.set_user_attr("restarts", int(restarts))
        rate = record.metrics["learning_rate_effective"]
        trial.set_user_attr("learning_rate_effective", rate)
        _constrain(trial, _RESTARTS_CONSTRAINT, restarts)
    if record.reason and lesson.state is not TrialState.COMPLETE:
        trial.set_user_attr("reason", record.reason)
    if lesson.state is TrialState.PRUNED and record.reason == Reason.OUT_OF_MEMORY:
        _constrain(trial, _OOM_CONSTRAINT, 1.0)  # it can't run at all on this machine


def _constrain(trial: Trial, name: str, value: float) -> None:
    """Feasible is up to 0. A controller that died before it told has said so already."""
    if name not in trial.storage.get_trial(trial._trial_id).constraints:
        trial.set_constraint(name, value)
