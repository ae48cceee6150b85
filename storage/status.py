"""The one reading of a study's state, for every reader. By SQL: no trial is loaded whole."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.clock import utc_now
from storage.controller_process import heartbeat_age_seconds, is_lost
from storage.database import Database
from storage.records import (
    BestTrial,
    ProgressRecord,
    StudyRecord,
    StudyState,
    StudyStatus,
    TrialCounts,
    TrialRole,
    TrialState,
)
from storage.rows import progress_record, study_record
from storage.studies import Studies
from storage.tables import ProgressRow, StudyRow, TrialRow
from storage.trials import best_query


def read(database: Database, study: str, now: datetime | None = None) -> StudyStatus:
    """How ``study`` stands at ``now`` (default: the present).

    Raises:
        StudyNotFoundError: there is no such study.
    """
    with database.session() as session:
        row = session.get(StudyRow, study)
        if row is not None:
            return _status(session, study_record(row), now or utc_now())
    raise Studies(database).not_found(study)


def read_all(database: Database, now: datetime | None = None) -> list[StudyStatus]:
    """How every study of ``database`` stands, oldest first."""
    query = select(StudyRow).order_by(StudyRow.created_at, StudyRow.name)
    with database.session() as session:
        studies = [study_record(row) for row in session.scalars(query)]
        return [_status(session, study, now or utc_now()) for study in studies]


def _status(session: Session, study: StudyRecord, now: datetime) -> StudyStatus:
    numbers = _numbers_of_trials(session, study.name)
    return StudyStatus(
        study=study.name,
        state=StudyState.CONTROLLER_LOST if is_lost(study, now) else study.state,
        counts=_counts(numbers),
        best=_best(session, study),
        running=_running(session, study.name),
        eta_seconds=study.eta_seconds,
        trials_target=study.trials_target,
        trials_ended=sum(
            n for (role, state), n in numbers.items() if role == TrialRole.TRIAL and state.ended
        ),
        heartbeat_age_seconds=heartbeat_age_seconds(study, now),
        created_at=study.created_at,
    )


def _numbers_of_trials(session: Session, study: str) -> dict[tuple[TrialRole, TrialState], int]:
    query = (
        select(TrialRow.role, TrialRow.state, func.count())
        .where(TrialRow.study == study)
        .group_by(TrialRow.role, TrialRow.state)
    )
    return {(role, state): number for role, state, number in session.execute(query)}


def _counts(numbers: dict[tuple[TrialRole, TrialState], int]) -> TrialCounts:
    counts = dict.fromkeys(TrialState, 0)
    for (_, state), number in numbers.items():
        counts[state] += number
    return TrialCounts(**{state.value: number for state, number in counts.items()})


def _best(session: Session, study: StudyRecord) -> BestTrial | None:
    direction = study.identity.get("direction", "maximize")
    if not isinstance(direction, str):
        if len(direction) != 1:
            return None
        direction = direction[0]
    row = session.scalars(best_query(study.name, direction)).first()
    if row is None or row.value is None:
        return None
    return BestTrial(number=row.number, value=row.value)


def _running(session: Session, study: str) -> tuple[ProgressRecord, ...]:
    query = (
        select(TrialRow.number, ProgressRow)
        .outerjoin(
            ProgressRow,
            (ProgressRow.study == TrialRow.study) & (ProgressRow.number == TrialRow.number),
        )
        .where(TrialRow.study == study, TrialRow.state == TrialState.RUNNING)
        .order_by(TrialRow.number)
    )
    return tuple(
        progress_record(row) if row is not None else ProgressRecord(study=study, number=number)
        for number, row in session.execute(query)
    )
