import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.errors import StorageError
from storage.records import StudyRecord, TrialRecord, TrialRole, TrialState
from storage.studies import Studies
from storage.trials import Trials


def _insert(database: Database, *trials: TrialRecord) -> Trials:
    for trial in trials:
        Trials(database).insert(trial)
    return Trials(database)


def _trial(number: int, state: TrialState = TrialState.RUNNING, **fields: Any) -> TrialRecord:
    return TrialRecord(study="demo", number=number, state=state, **fields)


def _only(database: Database) -> TrialRecord:
    """The one trial that there is."""
    (trial,) = Trials(database).list_of("demo")
    return trial


def _complete(number: int, value: float | None, **fields: Any) -> TrialRecord:
    return _trial(number, **{"state": TrialState.COMPLETE, "value": value, **fields})


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
        controller="a" * 32,
        status="CRITICAL",
        assessment={"level": "CRITICAL", "flags": [{"code": "loss", "values": {"x": math.inf}}]},
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


def test_update_forgets_what_it_sets_to_none(database: Database, study: str) -> None:
    known = {"pid": 7, "assessment": {"a": 1}, "values": (1.0, 2.0), "controller": "a"}
    trials = _insert(database, _trial(0, **known))

    trials.update(study, 0, pid=None, assessment=None, values=None, controller=None)

    assert _only(database) == _trial(0)
    is_null = text("SELECT count(*) FROM tuner_trials WHERE assessment IS NULL")
    with database.session() as session:
        assert session.scalar(is_null) == 1


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
        _complete(9, 0.4, role=TrialRole.FINISH),
    ]
    for trial in trials:
        Trials(database).insert(trial)

    best = Trials(database).best(study, direction)

    assert best is not None
    assert best.number == number


def test_the_finish_of_a_trial_may_be_the_best(database: Database, study: str) -> None:
    _insert(database, _complete(0, 0.5), _complete(1, 0.6, role=TrialRole.FINISH))

    best = Trials(database).best(study)

    assert best is not None
    assert (best.number, best.role) == (1, TrialRole.FINISH)


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


class TestMove:
    def test_state_and_fields_together(self, database: Database, study: str) -> None:
        trials = _insert(database, _trial(0, TrialState.QUEUED))

        assert trials.move(study, 0, TrialState.STARTING, held_by=None, controller="a", pid=7)
        assert trials.move(study, 0, TrialState.RUNNING, held_by="a", step=1)

        assert _only(database) == _trial(0, TrialState.RUNNING, controller="a", pid=7, step=1)

    @pytest.mark.parametrize("held_by", [None, "b"])
    def test_another_controllers_is_left_alone(
        self, database: Database, study: str, held_by: str | None
    ) -> None:
        trials = _insert(database, _trial(0, controller="a"))

        assert not trials.move(study, 0, TrialState.FAILED, held_by=held_by, reason="crashed")

        assert _only(database) == _trial(0, controller="a")

    def test_nobodys_is_nobodys(self, database: Database, study: str) -> None:
        trials = _insert(database, _trial(0))

        assert not trials.move(study, 0, TrialState.FAILED, held_by="a")

    def test_what_may_not_follow_changes_nothing(self, database: Database, study: str) -> None:
        trials = _insert(database, _complete(0, 0.5, controller="a"))

        assert not trials.move(study, 0, TrialState.LOST, held_by="a", value=None, controller=None)

        assert _only(database) == _complete(0, 0.5, controller="a")

    def test_the_same_again_is_no_change(self, database: Database, study: str) -> None:
        trials = _insert(database, _trial(0, controller="a"))

        assert trials.move(study, 0, TrialState.PAUSING, held_by="a")
        assert not trials.move(study, 0, TrialState.PAUSING, held_by="a")

    def test_no_trial(self, database: Database, study: str) -> None:
        assert not Trials(database).move(study, 7, TrialState.FAILED, held_by=None)

    def test_one_trial_of_one_study(self, database: Database, study: str) -> None:
        Studies(database).create(StudyRecord(name="other"))
        other = TrialRecord(study="other", number=0)
        trials = _insert(database, _trial(0), _trial(1), other)

        assert trials.move(study, 0, TrialState.FAILED, held_by=None)

        assert [trial.state for trial in trials.list_of(study)] == ["failed", "running"]
        assert trials.get("other", 0) == other


class TestClaim:
    @pytest.mark.parametrize("before", [None, "dead"])
    def test_as_it_was_seen(self, database: Database, study: str, before: str | None) -> None:
        seen = _trial(0, TrialState.LOST, controller=before, step=50)
        trials = _insert(database, seen)

        assert trials.claim(seen, "a")
        assert not trials.claim(seen, "b")

        assert _only(database) == replace(seen, controller="a")

    @pytest.mark.parametrize(
        "meanwhile", [{"state": TrialState.COMPLETE}, {"controller": None}, {"controller": "b"}]
    )
    def test_no_longer_as_it_was_seen(self, database: Database, study: str, meanwhile: Any) -> None:
        seen = _trial(0, controller="dead")
        trials = _insert(database, seen)
        trials.update(study, 0, **meanwhile)

        assert not trials.claim(seen, "a")

        assert _only(database) == replace(seen, **meanwhile)

    def test_progress_is_no_hindrance(self, database: Database, study: str) -> None:
        seen = _trial(0, controller="dead")
        trials = _insert(database, seen)
        trials.update(study, 0, step=100)

        assert trials.claim(seen, "a")


def test_update_held_is_for_the_holder(database: Database, study: str) -> None:
    trials = _insert(database, _trial(0, controller="a"), _trial(1))

    assert trials.update_held(study, 0, "a", step=5)
    assert not trials.update_held(study, 0, "b", step=6)
    assert not trials.update_held(study, 1, "a", step=7)
    assert not trials.update_held(study, 2, "a", step=8)

    assert [trial.step for trial in trials.list_of(study)] == [5, None]


def test_unfinished_held_and_counted(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    states = list(TrialState)
    trials = _insert(
        database,
        *(
            _trial(number, state, controller="a" if number % 2 else "b")
            for number, state in reversed(list(enumerate(states)))
        ),
        _trial(20, role=TrialRole.PROBE),
        _trial(21, role=TrialRole.FINISH),
        TrialRecord(study="other", number=0, controller="a"),
    )

    unfinished = [number for number, state in enumerate(states) if not state.ended]
    assert [trial.number for trial in trials.unfinished(study)] == [*unfinished, 20, 21]
    assert trials.held_by(study, "a") == {number for number in unfinished if number % 2}
    assert trials.held_by(study, "nobody") == set()
    assert [trials.count(study, role) for role in TrialRole] == [len(states), 1, 1]
    assert [trial.number for trial in trials.of_role(study, TrialRole.FINISH)] == [21]
    assert trials.count("nowhere", TrialRole.TRIAL) == 0
