from typing import Any

import pytest

from dashboards.savings import Saving, savings, seconds_per_step
from storage.endings import Ending, TrialCost
from storage.records import StudyRecord, TrialRole, TrialState

STUDY = StudyRecord(name="demo", config={"trainer": {"steps": 500}})


def ending(number: int, reason: str | None, step: int | None, **fields: Any) -> Ending:
    state = TrialState.COMPLETE if reason is None else TrialState.PRUNED
    known = Ending(number, TrialRole.TRIAL, state, reason, None, None, step, None)
    return known._replace(**fields)


def test_what_was_planned_and_not_trained_is_saved() -> None:
    trials = [
        ending(0, None, 500),
        ending(1, "statistical", 300),
        ending(2, "statistical", 400),
        ending(3, "never_aligned", 100, role=TrialRole.PROBE),
        ending(4, "crashed", 10, state=TrialState.FAILED),
    ]
    costs = {0: TrialCost(500, 1000.0, 1), 1: TrialCost(300, 600.0, 1)}
    assert savings(STUDY, trials, costs) == [
        Saving("never_aligned", TrialRole.PROBE, 1, 400, 800.0),
        Saving("statistical", TrialRole.TRIAL, 2, 300, 600.0),
    ]


@pytest.mark.parametrize(
    ("trial", "steps"),
    [(ending(0, "stopped", None), 500), (ending(0, "statistical", 600), 0)],
    ids=["pruned before its first step", "of a study that was shortened"],
)
def test_savings_stay_between_nothing_and_the_whole(trial: Ending, steps: int) -> None:
    [saving] = savings(STUDY, [trial], {})
    assert (saving.steps, saving.seconds) == (steps, 0.0)


def test_nothing_is_known_of_a_study_that_says_no_steps() -> None:
    assert savings(StudyRecord(name="demo"), [ending(0, "statistical", 3)], {}) == []


def test_the_pace_is_that_of_all_attempts() -> None:
    assert seconds_per_step({}) == 0.0
    assert seconds_per_step({0: TrialCost(10, 30.0, 2), 1: TrialCost(10, 10.0, 1)}) == 2.0
