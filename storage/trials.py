"""The trials of a study."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Select, select, update

from storage.database import Database
from storage.errors import StorageError
from storage.ranking import pareto_front
from storage.records import TrialRecord, TrialRole, TrialState
from storage.rows import columns, trial_record
from storage.tables import TrialRow


class TrialFields(TypedDict, total=False):
    """What of a trial may change."""

    role: TrialRole
    state: TrialState
    reason: str | None
    evidence: Mapping[str, Any]
    value: float | None
    values: Sequence[float] | None
    step: int | None
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    run_dir: str | None
    checkpoint: str | None
    alignment_png: str | None
    sample_wav: str | None
    pid: int | None
    exit_code: int | None
    status: str | None
    started_at: datetime | None
    ended_at: datetime | None


class Trials:
    """The trials in ``database``; every call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, trial: TrialRecord) -> TrialRecord:
        """Store a new trial; its study must be there, its number must not."""
        with self._database.session() as session:
            session.add(TrialRow(**columns(trial)))
        return trial

    def update(self, study: str, number: int, **fields: Unpack[TrialFields]) -> None:
        """Change some fields of a trial.

        Raises:
            StorageError: there is no such trial.
        """
        here = (TrialRow.study == study, TrialRow.number == number)
        if self._database.execute(update(TrialRow).where(*here).values(**fields)) == 0:
            raise StorageError(
                f"{self._database.safe_url}: study '{study}' has no trial {number}:"
                " see 'smart-tuner trials'"
            )

    def get(self, study: str, number: int) -> TrialRecord | None:
        """A trial; ``None`` if there is none."""
        with self._database.session() as session:
            row = session.get(TrialRow, (study, number))
            return None if row is None else trial_record(row)

    def list_of(self, study: str) -> list[TrialRecord]:
        """The trials of ``study`` by number."""
        query = select(TrialRow).where(TrialRow.study == study).order_by(TrialRow.number)
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query)]

    def best(self, study: str, direction: str = "maximize") -> TrialRecord | None:
        """The complete trial of the best value, the earlier one of equals; never a probe."""
        with self._database.session() as session:
            row = session.scalars(best_query(study, direction)).first()
            return None if row is None else trial_record(row)

    def pareto_front(self, study: str, directions: Sequence[str]) -> list[TrialRecord]:
        """The complete trials that no other one beats in every objective; never a probe."""
        query = _candidates(study).where(TrialRow.values.is_not(None)).order_by(TrialRow.number)
        with self._database.session() as session:
            trials = [trial_record(row) for row in session.scalars(query)]
        return pareto_front(trials, directions)


def best_query(study: str, direction: str) -> Select[TrialRow]:
    """The candidates for the best trial of ``study``, the best first."""
    if direction not in ("maximize", "minimize"):
        raise ValueError(f"direction is 'maximize' or 'minimize', not {direction!r}")
    value = TrialRow.value.desc() if direction == "maximize" else TrialRow.value.asc()
    query = _candidates(study).where(TrialRow.value.is_not(None))
    return query.order_by(value, TrialRow.number).limit(1)


def _candidates(study: str) -> Select[TrialRow]:
    return select(TrialRow).where(
        TrialRow.study == study,
        TrialRow.role == TrialRole.TRIAL,
        TrialRow.state == TrialState.COMPLETE,
    )
