"""Which of Optuna's rows is which of our studies and trials, by SQL on its own tables."""

from datetime import datetime
from typing import NamedTuple

from optuna.storages._rdb.models import StudyModel, TrialModel
from optuna.trial import TrialState
from sqlalchemy import select

from storage.database import Database


class TrialStamp(NamedTuple):
    """What differs where one of Optuna's trials has changed, or its id is another trial's."""

    number: int
    state: TrialState
    started_at: datetime | None
    completed_at: datetime | None


def trial_stamps(database: Database, study_id: int) -> dict[int, TrialStamp]:
    """The stamps of a study's trials, by Optuna's id of the trial, ascending."""
    query = select(
        TrialModel.trial_id,
        TrialModel.number,
        TrialModel.state,
        TrialModel._datetime_start_utc,
        TrialModel._datetime_complete_utc,
    ).where(TrialModel.study_id == study_id)
    with database.session() as session:
        rows = session.execute(query.order_by(TrialModel.trial_id))
        return {row[0]: TrialStamp(*row[1:]) for row in rows}


def study_and_number(database: Database, trial_id: int) -> tuple[str, int] | None:
    """Whose trial it is and its number there; ``None`` where Optuna knows no such trial."""
    query = (
        select(StudyModel.study_name, TrialModel.number)
        .join(StudyModel, StudyModel.study_id == TrialModel.study_id)
        .where(TrialModel.trial_id == trial_id)
    )
    with database.session() as session:
        row = session.execute(query).first()
        return None if row is None else (row[0], row[1])


def study_ids(database: Database) -> dict[str, int]:
    """Optuna's id of each study, by its name."""
    with database.session() as session:
        rows = session.execute(select(StudyModel.study_name, StudyModel.study_id))
        return dict(rows.all())
