import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.errors import StorageError
from storage.records import StudyRecord, TrialRecord, TrialRole, TrialState
from storage.studies import Studies
from storage.trials import Trials


def _complete(number: int, value: float | None, **fields: object) -> TrialRecord:
    trial = TrialRecord(study="demo", number=number, state=TrialState.COMPLETE, value=value)
    return replace(trial, **fields)  # type: ignore[arg-type]


def test_comes_back_as_it_was(database: Database, study: str) -> None:
    trial = TrialRecord(
        study=study,
        number=3,
        role=TrialRole.PROBE,
        state=TrialState.PRUNED,
        reason="gradient_explosion",
        evidence={"gradient.norm": [math.inf, 1e9], "step": 40},
        value=0.25,
        values=(0.25, 3.5),
        step=40,
        params={"learning_rate": 0.3, "symbols": "ru", "append_eos": True, "n_frames_per_step": 3},
        metrics={"quality": 0.25},
        run_dir="runs/голос/3",
        pid=123,
        exit_code=-15,
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )

    Trials(database).insert(trial)

    assert Trials(database).get(study, 3) == trial


def test_values_that_are_no_numbers(database: Database, study: str) -> None:
    evidence = {"train.loss": math.nan}
    Trials(database).insert(TrialRecord(study=study, number=0, value=math.nan, evidence=evidence))

    trial = Trials(database).get(study, 0)
    assert trial is not None
    assert trial.value is None
    assert math.isnan(trial.evidence["train.loss"])


def test_update_changes_what_it_names(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0, params={"a": 1}))

    Trials(database).update(study, 0, state=TrialState.COMPLETE, value=0.8, metrics={"mcd": 7.0})

    trial = Trials(database).get(study, 0)
    assert trial is not None
    assert (trial.state, trial.value, trial.metrics) == (TrialState.COMPLETE, 0.8, {"mcd": 7.0})
    assert trial.params == {"a": 1}


def test_update_of_no_trial(database: Database, study: str) -> None:
    with pytest.raises(StorageError, match="study 'demo' has no trial 7"):
        Trials(database).update(study, 7, step=1)


def test_numbers_are_unique_within_a_study(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0))

    with pytest.raises(IntegrityError):
        Trials(database).insert(TrialRecord(study=study, number=0))


def test_a_trial_needs_its_study(database: Database) -> None:
    with pytest.raises(IntegrityError):
        Trials(database).insert(TrialRecord(study="nowhere", number=0))


def test_list_is_by_number_and_of_one_study(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    for name, number in ((study, 10), (study, 2), ("other", 1)):
        Trials(database).insert(TrialRecord(study=name, number=number))

    assert [trial.number for trial in Trials(database).list_of(study)] == [2, 10]
    assert Trials(database).get(study, 1) is None


@pytest.mark.parametrize(("direction", "number"), [("maximize", 2), ("minimize", 1)])
def test_best_is_a_complete_trial_and_no_probe(
    database: Database, study: str, direction: str, number: int
) -> None:
    trials = [
        _complete(0, 0.5),
        _complete(1, 0.1),
        _complete(2, 0.9),
        _complete(3, 0.9),
        _complete(4, math.inf),
        _complete(5, 9.0, role=TrialRole.PROBE),
        _complete(6, -9.0, role=TrialRole.PROBE),
        _complete(7, 9.0, state=TrialState.PRUNED),
        _complete(8, -9.0, state=TrialState.RUNNING),
    ]
    for trial in trials:
        Trials(database).insert(trial)

    best = Trials(database).best(study, direction)

    assert best is not None
    assert best.number == number


def test_no_best_without_a_complete_trial(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0, value=0.5))

    assert Trials(database).best(study) is None


def test_unknown_direction(database: Database, study: str) -> None:
    with pytest.raises(ValueError, match="not 'up'"):
        Trials(database).best(study, "up")


def test_pareto_front_leaves_out_probes(database: Database, study: str) -> None:
    values = [(0.8, 7.0), (0.9, 8.0), (0.7, 9.0)]
    for number, pair in enumerate(values):
        Trials(database).insert(_complete(number, None, values=pair))
    Trials(database).insert(_complete(3, None, values=(1.0, 1.0), role=TrialRole.PROBE))

    front = Trials(database).pareto_front(study, ["maximize", "minimize"])

    assert [trial.number for trial in front] == [0, 1]


def test_to_json_has_the_documented_fields() -> None:
    trial = _complete(1, 0.5, params={"learning_rate": math.nan}, step=500)

    assert trial.to_json() == {
        "number": 1,
        "role": "trial",
        "state": "complete",
        "reason": None,
        "value": 0.5,
        "step": 500,
        "params": {"learning_rate": None},
    }
