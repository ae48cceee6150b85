"""Optuna's trials by SQL on its own tables: its own readers load every trial whole."""

from collections import defaultdict
from typing import NamedTuple

from optuna.storages._rdb.models import (
    StudyModel,
    TrialModel,
    TrialUserAttributeModel,
    TrialValueModel,
)
from optuna.trial import TrialState
from sqlalchemy import ColumnElement, delete, exists, inspect, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.tables import TrialRow

_ROLE = "role"
"""The user attribute of trials that a controller has asked for to the end."""


class OptunaTrial(NamedTuple):
    """What Optuna knows of a trial."""

    id: int
    number: int
    state: TrialState
    values: tuple[float, ...] = ()
    """One an objective; of a pruned one its last report."""
    is_ours: bool = True
    """Whether a controller asked for it, to the end; not somebody else, or only half."""


def optuna_trials(database: Database, study: str) -> dict[int, OptunaTrial] | None:
    """Optuna's trials of ``study`` by number; ``None`` where it knows no such study."""
    with database.session() as session:
        if not inspect(session.connection()).has_table(StudyModel.__tablename__):
            return None
        query = select(StudyModel.study_id).where(StudyModel.study_name == study)
        study_id = session.scalar(query)
        return None if study_id is None else _trials(session, study_id)


def ask_again(database: Database, study: str, trial: OptunaTrial) -> bool:
    """Let a trial that was asked for, and that we have not noted, be asked for again.

    ``False`` where somebody has noted it or told of it meanwhile.
    """
    ours = exists().where(TrialRow.study == study, TrialRow.number == trial.number)
    statement = update(TrialModel).where(_unchanged(trial), ~ours)
    return database.execute(statement.values(state=TrialState.WAITING)) == 1


def reopen(database: Database, trial: OptunaTrial) -> bool:
    """Make a trial a running one again, its reports kept; ``False`` where it changed meanwhile.

    No process may be at work on the study: each keeps finished trials in its memory.
    """
    statement = update(TrialModel).where(_unchanged(trial))
    values = {TrialModel.state: TrialState.RUNNING, TrialModel._datetime_complete_utc: None}
    with database.transaction():
        if database.execute(statement.values(values)) == 0:
            return False
        database.execute(delete(TrialValueModel).where(TrialValueModel.trial_id == trial.id))
    return True


def _trials(session: Session, study_id: int) -> dict[int, OptunaTrial]:
    values = _values(session, study_id)
    role = (TrialUserAttributeModel.trial_id == TrialModel.trial_id) & (
        TrialUserAttributeModel.key == _ROLE
    )
    query = (
        select(
            TrialModel.trial_id,
            TrialModel.number,
            TrialModel.state,
            TrialUserAttributeModel.key.is_not(None),
        )
        .outerjoin(TrialUserAttributeModel, role)
        .where(TrialModel.study_id == study_id)
        .order_by(TrialModel.number)
    )
    return {
        number: OptunaTrial(trial_id, number, state, tuple(values[trial_id]), bool(is_ours))
        for trial_id, number, state, is_ours in session.execute(query)
    }


def _values(session: Session, study_id: int) -> defaultdict[int, list[float]]:
    """The values of each trial, in the order of the objectives, by the trial's id."""
    query = (
        select(TrialValueModel.trial_id, TrialValueModel.value, TrialValueModel.value_type)
        .join(TrialModel, TrialModel.trial_id == TrialValueModel.trial_id)
        .where(TrialModel.study_id == study_id)
        .order_by(TrialValueModel.trial_id, TrialValueModel.objective)
    )
    values: defaultdict[int, list[float]] = defaultdict(list)
    for trial_id, value, kind in session.execute(query):
        values[trial_id].append(TrialValueModel.stored_repr_to_value(value, kind))
    return values


def _unchanged(trial: OptunaTrial) -> ColumnElement[bool]:
    return (TrialModel.trial_id == trial.id) & (TrialModel.state == trial.state)
