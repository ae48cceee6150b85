"""Optuna's storage as the dashboard sees it: with what our tables and run directories add.

Nothing of that is written: it is made when it is read, and so is never out of date.
"""

import copy
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from bottle import HTTPError
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from dashboards.web.artifacts import RunArtifacts
from storage.database import Database
from storage.optuna_ids import TrialStamp, study_and_number, trial_stamps

_CONSTRAINTS = "constraints"
"""The attribute by which optuna-dashboard knows constraints; Optuna 5 has one for each."""

_PATIENCE_SECONDS = 15.0
_ONE_BY_ONE = 50
"""So many trials are read one by one before all of a study are."""


class RunsStorage(RDBStorage):
    """Adds artifacts and constraints to trials, and reads ended trials once.

    Args:
        url: as of :class:`RDBStorage`, as all other arguments that are not named here.
        database: the same database, with our tables.
        artifacts: the files of the trials.
    """

    def __init__(
        self, url: str, *, database: Database, artifacts: RunArtifacts, **options: Any
    ) -> None:
        super().__init__(url, **options)
        self._database = database
        self._artifacts = artifacts
        self._reading: dict[int, threading.Lock] = {}
        self._ended: dict[int, dict[int, tuple[TrialStamp, FrozenTrial]]] = {}

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial, its constraints in the older way too."""
        return _with_constraints(super().get_trial(trial_id))

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of a study by number; those that have ended are kept in memory."""
        with self._turn(study_id):
            trials = self._trials(study_id)
        wanted = [one for one in trials if states is None or one.state in states]
        return copy.deepcopy(wanted) if deepcopy else wanted

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """What Optuna keeps of a trial, and its artifacts."""
        attributes = super().get_trial_system_attrs(trial_id)
        whose = study_and_number(self._database, trial_id)
        return attributes if whose is None else attributes | self._artifacts.attributes(*whose)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep what a person says of a trial that runs.

        Raises:
            HTTPError: the trial has ended; Optuna changes it no more.
        """
        try:
            super().set_trial_user_attr(trial_id, key, value)
        except UpdateFinishedTrialError as error:
            raise HTTPError(409, "this trial has ended: write it into its note") from error

    @contextmanager
    def _turn(self, study_id: int) -> Iterator[None]:
        """One reads the trials of a study, the others wait for it: some time, not for ever.

        Raises:
            HTTPError: it takes long; whoever waits would keep others from being served.
        """
        lock = self._reading.setdefault(study_id, threading.Lock())
        if not lock.acquire(timeout=_PATIENCE_SECONDS):
            raise HTTPError(503, "this study has many trials, and they are still being read")
        try:
            yield
        finally:
            lock.release()

    def _trials(self, study_id: int) -> list[FrozenTrial]:
        """By stamps: an id may be given again once a study was deleted."""
        stamps = trial_stamps(self._database, study_id)
        kept = self._ended.get(study_id, {})
        known = {i: kept[i][1] for i, stamp in stamps.items() if i in kept and kept[i][0] == stamp}
        read = self._read(study_id, stamps.keys() - known.keys(), len(stamps))
        known |= {one._trial_id: one for one in read}
        self._ended[study_id] = {
            i: (stamp, known[i])
            for i, stamp in stamps.items()
            if stamp.state.is_finished() and i in known
        }
        return sorted(known.values(), key=lambda one: one.number)

    def _read(self, study_id: int, trial_ids: set[int], of: int) -> list[FrozenTrial]:
        """The trials of these ids; all at once where most are asked for."""
        if not trial_ids:
            return []
        if len(trial_ids) > max(of // 2, _ONE_BY_ONE):
            found = super().get_all_trials(study_id, deepcopy=False)
            return [_with_constraints(one) for one in found if one._trial_id in trial_ids]
        return [self.get_trial(trial_id) for trial_id in sorted(trial_ids)]


def _with_constraints(trial: FrozenTrial) -> FrozenTrial:
    """As optuna-dashboard reads them: a list, without the names."""
    if trial.constraints and _CONSTRAINTS not in trial.system_attrs:
        values = list(trial.constraints.values())
        trial.system_attrs = {**trial.system_attrs, _CONSTRAINTS: values}
    return trial
