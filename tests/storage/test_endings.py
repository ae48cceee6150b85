from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.attempts import Attempts
from storage.database import Database
from storage.endings import Ending, TrialCost, Tried, endings, trial_costs, tried
from storage.records import AttemptRecord, TrialRecord, TrialRole, TrialState
from storage.trials import Trials

BEGAN = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = BEGAN + timedelta(seconds=90)


def begin(database: Database, study: str, attempt: int, **fields: Any) -> None:
    known = {"began_at": BEGAN, "seen_at": LATER, "number": 0, "controller": "c", "host": "h"}
    Attempts(database).begin(AttemptRecord(study=study, attempt=attempt, **{**known, **fields}))


def test_every_trial_in_outline(database: Database, study: str) -> None:
    trials = Trials(database)
    trials.insert(TrialRecord(study=study, number=1, role=TrialRole.PROBE))
    trials.insert(
        TrialRecord(
            study=study, number=0, state=TrialState.PRUNED, reason="stopped", value=0.5,
            values=(0.5, 7.0), step=9, ended_at=LATER,
        )
    )  # fmt: skip
    pruned = Ending(0, TrialRole.TRIAL, TrialState.PRUNED, "stopped", 0.5, (0.5, 7.0), 9, LATER)
    running = Ending(1, TrialRole.PROBE, TrialState.RUNNING, None, None, None, None, None)
    assert endings(database, study) == [pruned, running]


def test_a_trial_has_cost_what_its_attempts_took(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0))
    begin(database, study, 1, first_step=0, last_step=100, ended_at=LATER)
    begin(database, study, 2, first_step=60, last_step=200, gpus=2)
    begin(database, study, 3, first_step=None, last_step=None, seen_at=BEGAN)
    assert trial_costs(database, study) == {0: TrialCost(steps=240, seconds=270.0, attempts=3)}


@pytest.mark.parametrize(("ended_at", "costs"), [(LATER, {0: TrialCost(70, 90.0, 1)}), (None, {})])
def test_a_trial_of_before_attempts_were_kept(
    database: Database, study: str, ended_at: datetime | None, costs: dict[int, TrialCost]
) -> None:
    trial = TrialRecord(study=study, number=0, step=70, started_at=BEGAN, ended_at=ended_at)
    Trials(database).insert(trial)
    assert trial_costs(database, study) == costs


def test_tried_are_the_complete_trials_of_the_space(database: Database, study: str) -> None:
    complete = {"state": TrialState.COMPLETE, "params": {"a": 1}}
    for number, fields in enumerate(
        (
            {**complete, "value": 0.5},
            {**complete, "value": 0.6, "values": (0.6, 3.0)},
            {**complete, "value": 0.7, "role": TrialRole.PROBE},
            {**complete, "value": None},
            {"state": TrialState.PRUNED, "value": 0.8},
        )
    ):
        Trials(database).insert(TrialRecord(study=study, number=number, **fields))
    assert tried(database, study) == [Tried({"a": 1}, (0.5,)), Tried({"a": 1}, (0.6, 3.0))]
