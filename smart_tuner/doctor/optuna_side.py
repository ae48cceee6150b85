"""Optuna's side of what the doctor mends: telling it of trials, and giving them back to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.pruners import NopPruner
from optuna.samplers import RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial
from pydantic import TypeAdapter

from smart_tuner.config.parameters import Parameter
from smart_tuner.config.space import distributions
from smart_tuner.search.objectives import objective_values
from smart_tuner.search.teaching import teach
from storage.database import Database
from storage.errors import StorageUnavailableError
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyRecord, TrialRecord, TrialRole

_SPACE: TypeAdapter[dict[str, Parameter]] = TypeAdapter(dict[str, Parameter])


class OptunaSide:
    """One study, for who asks nothing of it: no sampler, no pruner. Made by :meth:`opened`."""

    def __init__(self, database: Database, record: StudyRecord, study: optuna.Study) -> None:
        self._database, self._record, self._study = database, record, study

    @classmethod
    @contextmanager
    def opened(cls, database: Database, record: StudyRecord) -> Iterator["OptunaSide"]:
        """Within the block; the study is made where Optuna has none of this name.

        Raises:
            StorageError: the database can't be used.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = optuna_storage(database)
        try:
            study = optuna.create_study(
                study_name=record.name,
                storage=storage,
                directions=_directions(record),
                load_if_exists=True,
                sampler=RandomSampler(),
                pruner=NopPruner(),
            )
            yield cls(database, record, study)
        except StorageInternalError as error:
            raise StorageUnavailableError(f"{database.safe_url}: {error}") from error
        finally:
            close_optuna_storage(storage)

    def teach(self, record: TrialRecord) -> None:
        """Tell the end of a trial that is running for Optuna."""
        teach(self._study, Trial(self._study, self._id(record.number)), record)

    def trial(self, number: int) -> FrozenTrial:
        """All that Optuna knows of one."""
        return self._study._storage.get_trial(self._id(number))

    def restore(self, record: TrialRecord) -> bool:
        """Give a trial back, with what it tried and reported; ``False`` where its number is taken.

        Numbers before it that nobody knows become trials that wait to be asked for.
        """
        while (taken := self._n_trials) < record.number:
            self._study.add_trial(create_trial(state=TrialState.WAITING))
        if taken > record.number:
            return False
        self._study.add_trial(self._running(record))
        return True

    @property
    def _n_trials(self) -> int:
        return self._study._storage.get_n_trials(self._study._study_id)

    def _id(self, number: int) -> int:
        storage, study_id = self._study._storage, self._study._study_id
        return storage.get_trial_id_from_study_id_trial_number(study_id, number)

    def _running(self, record: TrialRecord) -> FrozenTrial:
        if record.role is not TrialRole.TRIAL:
            attributes = {"role": record.role.value, "params": dict(record.params)}
            return create_trial(state=TrialState.RUNNING, user_attrs=attributes)
        space = distributions(_SPACE.validate_python(self._record.identity.get("space", {})))
        params = {name: value for name, value in record.params.items() if name in space}
        return create_trial(
            state=TrialState.RUNNING,
            params=params,
            distributions={name: _holding(space[name], params[name]) for name in params},
            user_attrs={"role": record.role.value},
            intermediate_values=self._reports(record.number),
        )

    def _reports(self, number: int) -> dict[int, float]:
        """By step; in a study of several objectives nobody reports."""
        objectives = self._record.identity.get("objective", ())
        if len(objectives) != 1:
            return {}
        kept = Events(self._database).list_of(self._record.name, number, ["evaluation"])
        return {
            event.step: objective_values(event.payload, objectives)[0]
            for event in kept
            if event.step is not None
        }


def _holding(distribution: BaseDistribution, value: Any) -> BaseDistribution:
    """``distribution`` with bounds that hold ``value``: they may have moved since it was drawn."""
    if isinstance(distribution, FloatDistribution) and distribution.step is None:
        low, high = min(distribution.low, value), max(distribution.high, value)
        return FloatDistribution(low, high, log=distribution.log)
    if isinstance(distribution, IntDistribution) and distribution.step == 1:
        low, high = min(distribution.low, value), max(distribution.high, value)
        return IntDistribution(low, high, log=distribution.log)
    return distribution


def _directions(record: StudyRecord) -> list[StudyDirection]:
    direction: str | list[str] = record.identity.get("direction", "maximize")
    names = [direction] if isinstance(direction, str) else direction
    return [StudyDirection[name.upper()] for name in names]
