import math
from collections.abc import Iterator

import optuna
import pytest
from optuna.trial import TrialState

from storage.database import Database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.optuna_trials import OptunaTrial, ask_again, optuna_trials, reopen
from storage.records import TrialRecord
from storage.trials import Trials


@pytest.fixture
def optuna_study(database: Database, study: str) -> Iterator[optuna.Study]:
    """Optuna's side of the study, with another one beside it."""
    storage = optuna_storage(database)
    optuna.create_study(study_name="other", storage=storage).ask()
    yield optuna.create_study(study_name=study, storage=storage, direction="maximize")
    close_optuna_storage(storage)


def read(database: Database, study: str) -> dict[int, OptunaTrial]:
    known = optuna_trials(database, study)
    assert known is not None
    return known


def test_without_optunas_tables(database: Database, study: str) -> None:
    assert optuna_trials(database, study) is None


@pytest.mark.usefixtures("optuna_study")
def test_without_the_study(database: Database) -> None:
    assert optuna_trials(database, "none") is None


def test_every_state(database: Database, study: str, optuna_study: optuna.Study) -> None:
    assert read(database, study) == {}
    optuna_study.tell(optuna_study.ask(), 0.5)
    optuna_study.tell(optuna_study.ask(), math.inf)
    pruned = optuna_study.ask()
    pruned.report(0.25, 1)
    optuna_study.tell(pruned, state=TrialState.PRUNED)
    optuna_study.tell(optuna_study.ask(), state=TrialState.FAIL)
    optuna_study.ask().set_user_attr("role", "trial")
    optuna_study.enqueue_trial({})
    known = read(database, study)
    assert list(known) == [0, 1, 2, 3, 4, 5]
    assert [(one.state, one.values, one.is_ours) for one in known.values()] == [
        (TrialState.COMPLETE, (0.5,), False),
        (TrialState.COMPLETE, (math.inf,), False),
        (TrialState.PRUNED, (0.25,), False),
        (TrialState.FAIL, (), False),
        (TrialState.RUNNING, (), True),
        (TrialState.WAITING, (), False),
    ]


def test_several_objectives(database: Database, study: str) -> None:
    storage = optuna_storage(database)
    directions = ["maximize", "minimize"]
    both = optuna.create_study(study_name=study, storage=storage, directions=directions)
    both.tell(both.ask(), [1.0, -2.0])
    assert read(database, study)[0].values == (1.0, -2.0)
    close_optuna_storage(storage)


def test_what_is_half_asked_for_is_asked_for_again(
    database: Database, study: str, optuna_study: optuna.Study
) -> None:
    asked = optuna_study.ask()
    asked.suggest_float("a", 0, 1)
    seen = read(database, study)[0]
    assert ask_again(database, study, seen)
    assert not ask_again(database, study, seen)
    again = optuna_study.ask()
    assert (again.number, again.suggest_float("a", 0, 1)) == (0, asked.params["a"])


def test_what_we_have_noted_is_not_asked_for_again(
    database: Database, study: str, optuna_study: optuna.Study
) -> None:
    optuna_study.ask()
    seen = read(database, study)[0]
    Trials(database).insert(TrialRecord(study=study, number=0))
    assert not ask_again(database, study, seen)
    assert read(database, study)[0].state is TrialState.RUNNING


def test_what_was_told_is_open_again(
    database: Database, study: str, optuna_study: optuna.Study
) -> None:
    trial = optuna_study.ask()
    trial.report(0.25, 1)
    optuna_study.tell(trial, 0.5)
    seen = read(database, study)[0]
    assert reopen(database, seen)
    assert not reopen(database, seen)
    storage = optuna_storage(database)
    again = optuna.load_study(study_name=study, storage=storage)
    (frozen,) = again.trials
    assert (frozen.state, frozen.values, frozen.datetime_complete) == (
        TrialState.RUNNING, None, None
    )  # fmt: skip
    assert frozen.intermediate_values == {1: 0.25}
    again.tell(0, 0.75)
    assert again.trials[0].value == 0.75
    close_optuna_storage(storage)
