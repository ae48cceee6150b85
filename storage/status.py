"""The one reading of a study's state, for every reader. By SQL: no trial is loaded whole."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.assessment import Assessment
from storage.attempts import trainer_hours
from storage.clock import utc_now
from storage.controller_process import heartbeat_age_seconds, is_gone, is_lost
from storage.database import Database
from storage.records import (
    ACTIVE_STATES,
    ENDED_STATES,
    BestTrial,
    BudgetUse,
    ControllerRecord,
    ProgressRecord,
    StudyRecord,
    StudyState,
    StudyStatus,
    TrialCounts,
    TrialRole,
    TrialState,
)
from storage.rows import controller_record, progress_record, study_record
from storage.studies import Studies
from storage.study_level import FAILURES_IN_A_ROW, StudyReason, assess_study
from storage.tables import ControllerRow, ProgressRow, StudyRow, TrialRow
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
    controllers = _controllers(session, study.name)
    live = [one for one in controllers if not is_gone(one, now)]
    etas = [one.eta_seconds for one in live if one.eta_seconds is not None]
    lost = is_lost(study, controllers, now)
    return StudyStatus(
        study=study.name,
        state=StudyState.CONTROLLER_LOST if lost else study.state,
        counts=_counts(numbers),
        best=_best(session, study),
        running=_running(session, study.name),
        eta_seconds=max(etas) if etas and study.state.controlled else None,
        trials_target=study.trials_target,
        trials_ended=sum(
            n for (role, state), n in numbers.items() if role is TrialRole.TRIAL and state.ended
        ),
        heartbeat_age_seconds=heartbeat_age_seconds(controllers, now),
        created_at=study.created_at,
        reasons=_reasons(session, study.name, lost),
        controllers=len(live),
        budget=_budget(session, study),
    )


def _budget(session: Session, study: StudyRecord) -> BudgetUse | None:
    seconds = {**study.config.get("study", {}), **study.settings}.get("budget")
    if seconds is None:
        return None
    return BudgetUse(hours=seconds / 3600.0, spent_hours=trainer_hours(session, study.name))


def _numbers_of_trials(session: Session, study: str) -> dict[tuple[TrialRole, TrialState], int]:
    query = (
        select(TrialRow.role, TrialRow.state, func.count())
        .where(TrialRow.study == study)
        .group_by(TrialRow.role, TrialRow.state)
    )
    return {(role, state): number for role, state, number in session.execute(query)}


def _counts(numbers: dict[tuple[TrialRole, TrialState], int]) -> TrialCounts:
    counts = Counter[str]()
    for (_, state), number in numbers.items():
        counts[(TrialState.RUNNING if state.active else state).value] += number
    return TrialCounts(**counts)


def _controllers(session: Session, study: str) -> list[ControllerRecord]:
    """Those that have not said that they leave; without any, the last that did."""
    query = select(ControllerRow).where(ControllerRow.study == study)
    present = session.scalars(query.where(ControllerRow.left_at.is_(None))).all()
    last = query.order_by(ControllerRow.heartbeat_at.desc()).limit(1)
    return [controller_record(row) for row in present or session.scalars(last)]


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
        .where(TrialRow.study == study, TrialRow.state.in_(ACTIVE_STATES))
        .order_by(TrialRow.number)
    )
    return tuple(
        progress_record(row) if row is not None else ProgressRecord(study=study, number=number)
        for number, row in session.execute(query)
    )


def _reasons(session: Session, study: str, lost: bool) -> tuple[StudyReason, ...]:
    trials = select(TrialRow.number, TrialRow.assessment).where(TrialRow.study == study)
    active = session.execute(trials.where(TrialRow.state.in_(ACTIVE_STATES)))
    ended = select(TrialRow.reason).where(
        TrialRow.study == study,
        TrialRow.state.in_(ENDED_STATES),
        TrialRow.role == TrialRole.TRIAL,
    )
    last = session.scalars(ended.order_by(TrialRow.number.desc()).limit(FAILURES_IN_A_ROW))
    return assess_study(
        controller_lost=lost,
        active={number: Assessment.from_json(stored) for number, stored in active if stored},
        last_reasons=tuple(last),
    )
