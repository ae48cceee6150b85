import math

from storage.database import Database
from storage.progress import Progress
from storage.records import ProgressRecord, TrialRecord
from storage.trials import Trials


def _trials(database: Database, study: str, *numbers: int) -> None:
    for number in numbers:
        Trials(database).insert(TrialRecord(study=study, number=number))


def test_overwritten(database: Database, study: str) -> None:
    _trials(database, study, 0, 1)
    newest = ProgressRecord(study=study, number=0, step=20, steps=500, loss=1.5, gradient_norm=3.0)

    Progress(database).upsert(ProgressRecord(study=study, number=0, step=10, quality=0.1))
    Progress(database).upsert(newest, ProgressRecord(study=study, number=1, step=1))

    found = Progress(database).list_of(study)
    assert found[0] == newest
    assert [(record.number, record.step) for record in found] == [(0, 20), (1, 1)]


def test_a_loss_that_is_no_number_is_unknown(database: Database, study: str) -> None:
    _trials(database, study, 0)

    Progress(database).upsert(
        ProgressRecord(study=study, number=0, loss=math.nan, quality=math.inf)
    )

    record = Progress(database).list_of(study)[0]
    assert (record.loss, record.quality) == (None, None)


def test_clear_one_or_all(database: Database, study: str) -> None:
    _trials(database, study, 0, 1, 2)
    Progress(database).upsert(*(ProgressRecord(study=study, number=n) for n in range(3)))

    Progress(database).clear(study, 1)
    assert [record.number for record in Progress(database).list_of(study)] == [0, 2]

    Progress(database).clear(study)
    assert Progress(database).list_of(study) == []
