"""What Optuna is told of ended trials."""

import math
from typing import Any

import optuna
import pytest
from optuna.trial import Trial
from optuna.trial import TrialState as OptunaState

from smart_tuner.search.teaching import Lesson, lesson_of, teach
from storage.records import TrialRecord, TrialRole, TrialState

FAIL, PRUNED = Lesson(OptunaState.FAIL), Lesson(OptunaState.PRUNED)


def record(state: TrialState, **fields: Any) -> TrialRecord:
    return TrialRecord(study="demo", number=0, state=state, **fields)


@pytest.mark.parametrize(
    ("trial", "lesson"),
    [
        (record(TrialState.COMPLETE, value=0.5), Lesson(OptunaState.COMPLETE, (0.5,))),
        (
            record(TrialState.COMPLETE, value=0.5, values=(0.5, 4.0)),
            Lesson(OptunaState.COMPLETE, (0.5, 4.0)),
        ),
        (record(TrialState.COMPLETE), FAIL),
        (record(TrialState.COMPLETE, value=0.5, values=(0.5, math.nan)), FAIL),
        (record(TrialState.PRUNED, value=0.5), PRUNED),
        (record(TrialState.FAILED, value=0.5), FAIL),
        (record(TrialState.COMPLETE, role=TrialRole.PROBE, value=0.5), FAIL),
        (record(TrialState.PRUNED, role=TrialRole.PROBE), FAIL),
        (record(TrialState.COMPLETE, role=TrialRole.FINISH, value=0.5), FAIL),
    ],
)
def test_the_lesson(trial: TrialRecord, lesson: Lesson) -> None:
    assert lesson_of(trial) == lesson


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study(direction="maximize")


def test_what_is_told(study: optuna.Study) -> None:
    rescued = {"restarts": 2, "learning_rate_effective": 1e-3}
    teach(study, study.ask(), record(TrialState.COMPLETE, value=0.5, metrics=rescued))
    (told,) = study.trials
    assert (told.state, told.value) == (OptunaState.COMPLETE, 0.5)
    assert told.user_attrs == rescued
    assert told.constraints == {"restarts": 2.0}


@pytest.mark.parametrize(("reason", "constraints"), [("out_of_memory", {"oom": 1.0}), ("x", {})])
def test_what_can_not_run_is_infeasible(
    reason: str, constraints: dict[str, float], study: optuna.Study
) -> None:
    teach(study, study.ask(), record(TrialState.PRUNED, reason=reason))
    (told,) = study.trials
    assert (told.state, told.user_attrs) == (OptunaState.PRUNED, {"reason": reason})
    assert told.constraints == constraints


def test_what_was_told_stays(study: optuna.Study) -> None:
    """By a process that died, or whose connection broke, right after."""
    trial = study.ask()
    teach(study, trial, record(TrialState.COMPLETE, value=0.5))
    pruned = record(TrialState.PRUNED, reason="out_of_memory")
    teach(study, Trial(study, trial._trial_id), pruned)
    (told,) = study.trials
    assert (told.state, told.value, told.user_attrs) == (OptunaState.COMPLETE, 0.5, {})


def test_half_told_is_told_to_the_end(study: optuna.Study) -> None:
    trial = study.ask()
    trial.set_constraint("oom", 1.0)
    pruned = record(TrialState.PRUNED, reason="out_of_memory")
    teach(study, trial, pruned)
    assert study.trials[0].state is OptunaState.PRUNED
