from datetime import UTC, datetime

from storage.attempts import Attempts
from storage.database import Database
from storage.outlines import (
    AttemptOutline,
    TrialOutline,
    attempt_outlines,
    numbers_with_progress,
    trial_outlines,
)
from storage.progress import Progress
from storage.records import AttemptRecord, ProgressRecord, TrialRecord, TrialRole, TrialState
from storage.trials import Trials


def test_trials(database: Database, study: str) -> None:
    trials = Trials(database)
    trials.insert(
        TrialRecord(
            study=study, number=1, role=TrialRole.PROBE, state=TrialState.COMPLETE, value=0.5,
            values=(0.5, 4.0), controller="a", run_dir="runs/1", checkpoint="best.pt",
        )
    )  # fmt: skip
    trials.insert(TrialRecord(study=study, number=0, state=TrialState.QUEUED))
    assert list(trial_outlines(database, study).items()) == [
        (0, TrialOutline(0, TrialRole.TRIAL, TrialState.QUEUED)),
        (
            1,
            TrialOutline(
                1, TrialRole.PROBE, TrialState.COMPLETE, 0.5, (0.5, 4.0), "a", "runs/1", "best.pt"
            ),
        ),
    ]
    assert trial_outlines(database, "other") == {}


def test_attempts(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0))
    first = AttemptRecord(study=study, number=0, attempt=1, controller="a", host="here", pid=7)
    Attempts(database).begin(first)
    Attempts(database).update(study, 0, 1, ended_at=datetime(2026, 1, 2, tzinfo=UTC))
    Attempts(database).begin(
        AttemptRecord(
            study=study, number=0, attempt=2, controller="a", host="there", events_offset=9
        )
    )
    assert attempt_outlines(database, study) == {
        0: [
            AttemptOutline(1, "here", pid=7),
            AttemptOutline(2, "there", events_offset=9, is_open=True),
        ]
    }


def test_progress(database: Database, study: str) -> None:
    Trials(database).insert(TrialRecord(study=study, number=3))
    Progress(database).upsert(ProgressRecord(study=study, number=3))
    assert numbers_with_progress(database, study) == {3}
    assert numbers_with_progress(database, "other") == frozenset()
