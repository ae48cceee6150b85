"""Which of Optuna's rows is which of our studies and trials."""

from collections.abc import Iterator

import optuna
import pytest
from optuna.trial import TrialState

from storage.database import Database
from storage.optuna_ids import study_and_number, study_ids, trial_stamps
from storage.optuna_storage import close_optuna_storage, optuna_storage


@pytest.fixture
def study(database: Database) -> Iterator[optuna.Study]:
    """The second study of a database, with an ended trial and a running one."""
    storage = optuna_storage(database)
    optuna.create_study(study_name="first", storage=storage).ask()
    study = optuna.create_study(study_name="второе", storage=storage)
    study.tell(study.ask(), 0.5)
    study.ask()
    yield study
    close_optuna_storage(storage)


def test_studies_and_trials_are_found(database: Database, study: optuna.Study) -> None:
    assert study_ids(database) == {"first": 1, "второе": 2}
    assert study_and_number(database, 3) == ("второе", 1)
    assert study_and_number(database, 99) is None


def test_stamps_say_what_has_changed(database: Database, study: optuna.Study) -> None:
    before = trial_stamps(database, 2)
    assert [(one.number, one.state) for one in before.values()] == [
        (0, TrialState.COMPLETE),
        (1, TrialState.RUNNING),
    ]
    study.tell(1, 0.7)
    after = trial_stamps(database, 2)
    assert after[2] == before[2]
    assert after[3] != before[3]
    assert after[3].completed_at is not None
