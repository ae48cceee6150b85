"""The trials of a study."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Select, func, select, update

from storage.database import Database
from storage.errors import StorageError
from storage.json_values import finite
from storage.lifecycle import predecessors
from storage.ranking import front_of
from storage.records import (
    ENDED_STATES,
    LISTED_FIELDS,
    TrialRecord,
    TrialRole,
    TrialState,
)
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
    controller: str | None
    status: str | None
    assessment: Mapping[str, Any] | None
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
        statement = update(TrialRow).where(*_here(study, number)).values(**fields)
        if self._database.execute(statement) == 0:
            raise StorageError(
                f"{self._database.safe_url}: study '{study}' has no trial {number}:"
                " see 'smart-tuner trials'"
            )

    def update_held(
        self, study: str, number: int, holder: str, **fields: Unpack[TrialFields]
    ) -> bool:
        """Change some fields of a trial that ``holder`` owns; ``False`` where it doesn't."""
        held = (*_here(study, number), TrialRow.controller == holder)
        return self._database.execute(update(TrialRow).where(*held).values(**fields)) == 1

    def move(
        self,
        study: str,
        number: int,
        after: TrialState,
        *,
        held_by: str | None,
        **fields: Unpack[TrialFields],
    ) -> bool:
        """Take a trial on to its next state: compare and set.

        Args:
            study: the trial's.
            number: the trial's.
            after: what it turns into.
            held_by: the controller that owns it; ``None``: nobody does.
            fields: what changes with the state.

        Returns:
            ``False`` where it is in a state that ``after`` may not follow, or another
            controller's: then nothing is changed.
        """
        holder = TrialRow.controller
        held = holder.is_(None) if held_by is None else holder == held_by
        allowed = TrialRow.state.in_(predecessors(after))
        statement = update(TrialRow).where(*_here(study, number), allowed, held)
        return self._database.execute(statement.values(state=after, **fields)) == 1

    def claim(self, seen: TrialRecord, controller: str) -> bool:
        """Make ``controller`` the owner of a trial, if it is still as it was seen."""
        owner = TrialRow.controller
        unchanged = owner.is_(None) if seen.controller is None else owner == seen.controller
        statement = update(TrialRow).where(
            *_here(seen.study, seen.number), TrialRow.state == seen.state, unchanged
        )
        return self._database.execute(statement.values(controller=controller)) == 1

    def unfinished(self, study: str) -> list[TrialRecord]:
        """The trials of ``study`` that have not ended, by number."""
        query = select(TrialRow).where(TrialRow.study == study, TrialRow.state.not_in(ENDED_STATES))
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query.order_by(TrialRow.number))]

    def held_by(self, study: str, controller: str) -> set[int]:
        """The numbers of the unfinished trials that ``controller`` owns."""
        query = select(TrialRow.number).where(
            TrialRow.study == study,
            TrialRow.controller == controller,
            TrialRow.state.not_in(ENDED_STATES),
        )
        with self._database.session() as session:
            return set(session.scalars(query))

    def recent(self, study: str, ended: int = 5) -> list[TrialRecord]:
        """The trials that have not ended, and the ``ended`` newest of those that have."""
        query = select(TrialRow).where(TrialRow.study == study, TrialRow.state.in_(ENDED_STATES))
        newest = query.order_by(TrialRow.ended_at.desc(), TrialRow.number.desc()).limit(ended)
        with self._database.session() as session:
            past = [trial_record(row) for row in session.scalars(newest)]
        return [*self.unfinished(study), *reversed(past)]

    def count(self, study: str, role: TrialRole | None = None) -> int:
        """How many trials of a role there are, or of any, in whichever state."""
        query = select(func.count()).where(TrialRow.study == study)
        if role is not None:
            query = query.where(TrialRow.role == role)
        with self._database.session() as session:
            return session.scalar(query) or 0

    def any_of(self, study: str) -> bool:
        """Whether ``study`` has any trial."""
        query = select(TrialRow.number).where(TrialRow.study == study).limit(1)
        with self._database.session() as session:
            return session.scalar(query) is not None

    def of_role(self, study: str, role: TrialRole) -> list[TrialRecord]:
        """The trials of a role, by number."""
        query = select(TrialRow).where(TrialRow.study == study, TrialRow.role == role)
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query.order_by(TrialRow.number))]

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

    def listing(self, study: str, n: int | None = None) -> list[dict[str, Any]]:
        """What :meth:`TrialRecord.to_json` says of each trial, by number; no more is loaded.

        Args:
            study: its name.
            n: those of the so many highest numbers alone.
        """
        columns = [getattr(TrialRow, name) for name in LISTED_FIELDS]
        query = select(*columns).where(TrialRow.study == study).order_by(TrialRow.number.desc())
        with self._database.session() as session:
            rows = session.execute(query.limit(n)).mappings().all()
        return [finite(row) for row in reversed(rows)]

    def newest(self, study: str, n: int | None) -> list[TrialRecord]:
        """The ``n`` trials of the highest numbers, by number; ``None``: all."""
        query = select(TrialRow).where(TrialRow.study == study).order_by(TrialRow.number.desc())
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query.limit(n))][::-1]

    def with_checkpoint(self, study: str) -> list[TrialRecord]:
        """The trials that have ended and name a checkpoint, by number."""
        query = select(TrialRow).where(
            TrialRow.study == study,
            TrialRow.state.in_(ENDED_STATES),
            TrialRow.checkpoint.is_not(None),
        )
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query.order_by(TrialRow.number))]

    def best(self, study: str, direction: str = "maximize") -> TrialRecord | None:
        """The complete trial of the best value, the earlier one of equals; never a probe."""
        with self._database.session() as session:
            row = session.scalars(best_query(study, direction)).first()
            return None if row is None else trial_record(row)

    def most_promising(self, study: str, direction: str) -> TrialRecord | None:
        """As :meth:`best`, but also of the trials that were paused before their end."""
        states = (TrialState.COMPLETE, TrialState.PAUSED)
        with self._database.session() as session:
            row = session.scalars(best_query(study, direction, states)).first()
            return None if row is None else trial_record(row)

    def pareto_front(self, study: str, directions: Sequence[str]) -> list[TrialRecord]:
        """The complete trials that no other one beats in every objective; never a probe."""
        front = self._front(study, directions)
        query = select(TrialRow).where(TrialRow.study == study, TrialRow.number.in_(front))
        with self._database.session() as session:
            return [trial_record(row) for row in session.scalars(query.order_by(TrialRow.number))]

    def best_numbers(self, study: str, directions: Sequence[str], n: int) -> set[int]:
        """The ``n`` best complete trials, never a probe.

        With several objectives: all that no other one beats, and so many of the best by the first
        objective that they are ``n``.
        """
        query = best_query(study, directions[0]).with_only_columns(TrialRow.number).limit(None)
        with self._database.session() as session:
            ranked = session.scalars(query).all()
        best = set(self._front(study, directions)) if len(directions) > 1 else set()
        others = (number for number in ranked if number not in best)
        return best.union(islice(others, max(0, n - len(best))))

    def _front(self, study: str, directions: Sequence[str]) -> list[int]:
        query = _candidates(study).with_only_columns(TrialRow.number, TrialRow.values)
        with self._database.session() as session:
            rows = session.execute(query.order_by(TrialRow.number)).all()
        front = front_of([values for _, values in rows], directions)
        return [rows[place].number for place in front]


def best_query(
    study: str, direction: str, states: Sequence[TrialState] = (TrialState.COMPLETE,)
) -> Select[TrialRow]:
    """The candidates for the best trial of ``study``, the best first."""
    if direction not in ("maximize", "minimize"):
        raise ValueError(f"direction is 'maximize' or 'minimize', not {direction!r}")
    value = TrialRow.value.desc() if direction == "maximize" else TrialRow.value.asc()
    query = _candidates(study, states).where(TrialRow.value.is_not(None))
    return query.order_by(value, TrialRow.number).limit(1)


def _here(study: str, number: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return TrialRow.study == study, TrialRow.number == number


def _candidates(
    study: str, states: Sequence[TrialState] = (TrialState.COMPLETE,)
) -> Select[TrialRow]:
    return select(TrialRow).where(
        TrialRow.study == study,
        TrialRow.role.in_((TrialRole.TRIAL, TrialRole.FINISH)),
        TrialRow.state.in_(states),
    )
