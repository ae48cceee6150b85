"""One look at a study: Optuna's tables, ours, and what runs on this machine."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from smart_tuner.doctor.presence import Presence, presences
from smart_tuner.doctor.run_places import last_words, living_trainers, lost_checkpoints
from storage.clock import utc_now
from storage.commands import EXPIRES_AFTER_SECONDS, Commands
from storage.controllers import Controllers
from storage.database import Database
from storage.optuna_trials import OptunaTrial, optuna_trials
from storage.outlines import (
    AttemptOutline,
    TrialOutline,
    attempt_outlines,
    numbers_with_progress,
    trial_outlines,
)
from storage.records import CommandRecord, ControllerRecord, StudyRecord
from storage.studies import Studies


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was seen; trials by their numbers."""

    study: StudyRecord
    host: str
    controllers: Mapping[str, ControllerRecord] = field(default_factory=dict)
    """Those that have not said that they leave, by id."""
    presences: Mapping[str, Presence] = field(default_factory=dict)
    """Of each of them."""
    trials: Mapping[int, TrialOutline] = field(default_factory=dict)
    attempts: Mapping[int, Sequence[AttemptOutline]] = field(default_factory=dict)
    optuna: Mapping[int, OptunaTrial] | None = field(default_factory=dict)
    """``None``: Optuna knows no such study."""
    progress: frozenset[int] = frozenset()
    """The trials with a row of progress."""
    overdue: Sequence[CommandRecord] = ()
    """Commands that nobody has answered in time."""
    trainers: Mapping[int, int] = field(default_factory=dict)
    """The process ids of the living trainers on this machine."""
    last_words: Mapping[int, str] = field(default_factory=dict)
    """How the trainers of unfinished trials said that they end."""
    lost_checkpoints: frozenset[int] = frozenset()
    """The ended trials whose checkpoint is gone."""

    def presence(self, controller: str | None) -> Presence:
        """Of a controller; one that is not known has left."""
        return self.presences.get(controller or "", Presence.GONE)

    @property
    def unowned(self) -> list[TrialOutline]:
        """The trials that should have a trainer, and whose controller is gone."""
        return [
            trial
            for trial in self.trials.values()
            if trial.state.active and self.presence(trial.controller) is Presence.GONE
        ]

    @property
    def is_run(self) -> bool:
        """Whether a controller runs the study, or may be."""
        return any(one is not Presence.GONE for one in self.presences.values())

    @property
    def is_certain(self) -> bool:
        """Whether a second look can show nothing else: every controller is seen to be gone."""
        here = all(one.host == self.host for one in self.controllers.values())
        return here and not self.is_run

    @classmethod
    def take(cls, database: Database, name: str, before: Self | None = None) -> Self:
        """Look at the study called ``name``.

        Args:
            database: where it is.
            name: the study's.
            before: an earlier look, to see which controllers stir.

        Raises:
            StorageError: it can't be read, or is there no more.
        """
        with database.transaction():
            tables = cls._of_tables(database, name, before)
        trainers = living_trainers(tables.trials.values())
        silent = [one for one in tables.unowned if one.number not in trainers]
        trials, attempts, host = list(tables.trials.values()), tables.attempts, tables.host
        return replace(
            tables,
            trainers=trainers,
            last_words=last_words(silent, attempts),
            lost_checkpoints=lost_checkpoints(trials, attempts, host),
        )

    @classmethod
    def _of_tables(cls, database: Database, name: str, before: Self | None) -> Self:
        """What belongs to trials comes before them: so each has its trial."""
        studies, now, host = Studies(database), utc_now(), socket.gethostname()
        study = studies.get(name)
        if study is None:
            raise studies.not_found(name)
        controllers = {one.id: one for one in Controllers(database).list_of(name)}
        heard = before.controllers.values() if before else ()
        heartbeats = {one.id: one.heartbeat_at for one in heard}
        return cls(
            study=study,
            host=host,
            controllers=controllers,
            presences=presences(controllers.values(), now, host, heartbeats),
            attempts=attempt_outlines(database, name),
            progress=numbers_with_progress(database, name),
            trials=trial_outlines(database, name),
            optuna=optuna_trials(database, name),
            overdue=_overdue(database, name, now),
        )


def _overdue(database: Database, study: str, now: datetime) -> list[CommandRecord]:
    since = now - timedelta(seconds=EXPIRES_AFTER_SECONDS)
    return [one for one in Commands(database).pending(study) if one.requested_at < since]
