"""A study's entry in the database: who runs it, what it is, that its controllers live."""

import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.control.live_settings import SETTABLE, apply_settings
from smart_tuner.control.outage import OUTAGES
from smart_tuner.identity import Change, compare, identity_of
from storage.controller_process import this_process
from storage.controllers import Controllers
from storage.database import Database
from storage.errors import StudyExistsError
from storage.events import Events
from storage.records import ControllerRecord, EventRecord, StudyRecord, StudyState
from storage.studies import Studies
from storage.trials import Trials
from storage.turns import Turns
from trainer.corpus import Corpus, corpus_fingerprint
from trainer.exit_codes import BadInputError

_BEAT_SECONDS = 2.0
_AGREED = ("sampler", "pruner", "health", "probes")
_OWN = ("jobs", "timeout")
"""Of ``study:``; each controller has its own."""


class Registration:
    """From :meth:`enter` to :meth:`leave`, this process is a controller of the study.

    Args:
        database: where the entry is.
        config: the study.
        corpus: what its trials learn.
        warm_start: fingerprint of the checkpoint that they begin with.
    """

    def __init__(
        self, database: Database, config: StudyConfig, corpus: Corpus, warm_start: str | None
    ) -> None:
        self._database = database
        self._studies = Studies(database)
        self._controllers = Controllers(database)
        self._events = Events(database)
        self._trials = Trials(database)
        self._turns = Turns(database)
        self.base = config
        """As it was started; :meth:`configured` has what commands have set since."""
        self._name = config.study.name
        self._identity = identity_of(
            config, corpus_fingerprint(corpus), corpus.language, warm_start
        )
        self.process = this_process()
        self.id = uuid.uuid4().hex
        self._next_beat = 0.0

    def enter(self) -> Sequence[Change]:
        """Create the study, or take it up again; the changes that it took.

        Raises:
            BadInputError: it is another study under the same name, or other controllers run it
                with other settings.
        """
        known = self._studies.get(self._name) or self._created()
        changes = compare(self._name, self._binding(known), self._identity)
        others = self._controllers.live(self._name)
        different = [change.what for change in changes] + _differing(known.config, self.base)
        if others and different:
            raise BadInputError(
                f"study '{self._name}' is being run by process {others[0].pid} on "
                f"{others[0].host} with other settings ({different[0]}): start this one with the "
                "same to share the work, or another study with --name"
            )
        self._controllers.enter(
            ControllerRecord(
                id=self.id,
                study=self._name,
                host=self.process.host,
                pid=self.process.pid,
                process_started_at=self.process.started_at,
            )
        )
        self._take_up(known, alone=not others)
        self._log(changes)
        return changes

    def configured(self) -> StudyConfig:
        """The study's configuration with what commands have set.

        Raises:
            BadInputError: the study was deleted while it ran.
        """
        return apply_settings(self.base, self.record().settings)

    def record(self) -> StudyRecord:
        """The study as it is now.

        Raises:
            BadInputError: it was deleted while it ran.
        """
        record = self._studies.get(self._name)
        if record is None:
            raise BadInputError(f"study '{self._name}' was deleted while it ran: nothing is left")
        return record

    def beat(self, eta_seconds: float | None, slots: int) -> None:
        """Renew the heartbeat, where it is time to."""
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + _BEAT_SECONDS
            self._controllers.beat(self.id, eta_seconds, slots)

    def present(self) -> list[ControllerRecord]:
        """The controllers that have not said that they leave."""
        return self._controllers.list_of(self._name)

    def strike_off(self, gone: set[str]) -> None:
        """Controllers that died are present no more; one that was only asleep comes back."""
        for controller in gone:
            self._controllers.leave(controller)

    def change_state(self, before: StudyState, after: StudyState) -> bool:
        """Say what the study does now; ``False`` where it no longer did ``before``."""
        return self._studies.change_state(self._name, before, after)

    def take_turn(self, gone: Collection[str] = ()) -> bool:
        """Whether this controller, and no other, may ask for a trial now.

        Who takes the turn of one that is ``gone`` must look first what that one has asked for.
        """
        return self._turns.take(self._name, self.id, gone)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Give the turn back at the end; but in an outage keep it.

        Then nobody asks for more until it is looked up what was asked for.
        """
        is_away = False
        try:
            yield
        except OUTAGES:
            is_away = True
            raise
        finally:
            if not is_away:
                self.release_turn()

    def release_turn(self) -> None:
        """Let others ask."""
        self._turns.release(self._name, self.id)

    def leave(self, state: StudyState) -> StudyState:
        """Leave the study; the last one to leave says how it stands now.

        A study that was paused stays paused until somebody resumes it, whoever stops its
        controllers.

        Returns:
            ``state``; ``running`` where others go on with it, ``paused`` where it stays so.
        """
        with self._database.transaction():
            self._controllers.leave(self.id)
            self._turns.release(self._name, self.id)
            others = self._controllers.live(self._name)
            if not others:
                state = self._lasting(state)
                self._studies.update(self._name, state=state)
        return StudyState.RUNNING if others and state is StudyState.STOPPED else state

    def _lasting(self, state: StudyState) -> StudyState:
        known = self.record().state
        paused = known in (StudyState.PAUSING, StudyState.PAUSED)
        return StudyState.PAUSED if paused and state is StudyState.STOPPED else state

    def _created(self) -> StudyRecord:
        """A new study; another controller may have been quicker."""
        record = StudyRecord(name=self._name, state=StudyState.STOPPED, identity=self._identity)
        with suppress(StudyExistsError):
            return self._studies.create(record)
        return self.record()

    def _take_up(self, known: StudyRecord, *, alone: bool) -> None:
        """A study that is paused stays so until somebody resumes it."""
        paused = known.state in (StudyState.PAUSING, StudyState.PAUSED)
        settings = _still_valid(known, self.base)
        self._studies.update(
            self._name,
            identity=self._identity,
            config=self.base.record(),
            settings=settings,
            trials_target=apply_settings(self.base, settings).study.trials,
            **({"state": StudyState.RUNNING} if alone and not paused else {}),
        )

    def _binding(self, known: StudyRecord) -> Mapping[str, Any]:
        """What the study is bound to: a corpus that no trial has trained on may be mended."""
        if self._trials.any_of(self._name):
            return known.identity
        return {**known.identity, "corpus": self._identity["corpus"]}

    def _log(self, changes: Sequence[Change]) -> None:
        self._events.append(
            EventRecord(
                study=self._name,
                kind=f"{change.what}_changed",
                payload={"before": change.before, "after": change.after},
            )
            for change in changes
        )


def _differing(before: Mapping[str, Any], config: StudyConfig) -> list[str]:
    """What controllers that share a study must agree on, and these two don't, by name."""
    now = config.record()
    pairs = {name: (before[name], now[name]) for name in _AGREED if name in before}
    for name, value in before.get("study", {}).items():
        if name not in _OWN:
            pairs[f"study.{name}"] = value, now["study"].get(name)
    return [name for name, (theirs, ours) in pairs.items() if theirs != ours]


def _still_valid(known: StudyRecord, config: StudyConfig) -> dict[str, Any]:
    """What commands have set, but where the configuration itself says something new since.

    Nobody writes that there be no limit, as ``--budget none`` does, but to take one away.
    """
    before = known.config.get("study", {})
    now = config.record()["study"]
    unlimited = {name for name in config.study.model_fields_set if now[name] is None}
    return {
        name: value
        for name, value in known.settings.items()
        if name in SETTABLE and name not in unlimited and before.get(name) == now.get(name)
    }
