from datetime import UTC, datetime

import pytest

from storage.attempts import Attempts
from storage.controllers import Controllers
from storage.database import Database
from storage.leftovers import clear_progress, close_attempt, forget_checkpoint, settle_study
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    ControllerRecord,
    ProgressRecord,
    StudyState,
    TrialRecord,
    TrialState,
)
from storage.studies import Studies
from storage.trials import Trials

SEEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def trial(database: Database, study: str) -> TrialRecord:
    """One that has ended, with an attempt of which nobody saw the end."""
    trial = TrialRecord(study=study, number=0, state=TrialState.COMPLETE, checkpoint="best.pt")
    Trials(database).insert(trial)
    Attempts(database).begin(
        AttemptRecord(
            study=study, number=0, attempt=1, controller="a", host="here", began_at=SEEN,
            seen_at=SEEN, checkpoint="best.pt",
        )
    )  # fmt: skip
    return trial


@pytest.mark.usefixtures("trial")
def test_an_attempt_ends_when_it_was_last_seen(database: Database, study: str) -> None:
    assert close_attempt(database, study, 0, 1, "lost")
    assert not close_attempt(database, study, 0, 1, "crashed")
    assert not close_attempt(database, study, 0, 2, "lost")
    (attempt,) = Attempts(database).list_of(study)
    assert (attempt.ended_at, attempt.cause) == (SEEN, "lost")


@pytest.mark.usefixtures("trial")
def test_progress_goes_but_of_what_runs(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=1, state=TrialState.RUNNING))
    for number in (0, 1):
        Progress(database).upsert(ProgressRecord(study=study, number=number))
    assert clear_progress(database, study, 0)
    assert not clear_progress(database, study, 0)
    assert not clear_progress(database, study, 1)
    assert [one.number for one in Progress(database).list_of(study)] == [1]


@pytest.mark.usefixtures("trial")
def test_a_checkpoint_is_named_no_more(database: Database, study: str) -> None:
    assert not forget_checkpoint(database, study, 0, "last.pt")
    assert forget_checkpoint(database, study, 0, "best.pt")
    assert not forget_checkpoint(database, study, 0, "best.pt")
    trial = Trials(database).get(study, 0)
    assert trial is not None
    assert trial.checkpoint is None
    assert Attempts(database).list_of(study)[0].checkpoint is None


def test_a_study_is_settled_once_and_not_under_a_controllers_hands(
    database: Database, study: str
) -> None:
    for controller in "ab":
        Controllers(database).enter(
            ControllerRecord(id=controller, study=study, host="here", pid=1, process_started_at=0.0)
        )
    running, stopped = StudyState.RUNNING, StudyState.STOPPED
    assert not settle_study(database, study, running, stopped, ["a"])
    Controllers(database).leave("b")
    assert settle_study(database, study, running, stopped, ["a"])
    assert not settle_study(database, study, running, stopped, ["a"])
    record = Studies(database).get(study)
    assert record is not None
    assert record.state is stopped
