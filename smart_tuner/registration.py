"""A study's entry in the database: who runs it, what it is, that its controller lives."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.identity import Change, compare, identity_of
from storage.controller_process import this_process
from storage.database import Database
from storage.events import Events
from storage.records import EventRecord, StudyRecord, StudyState
from storage.studies import Studies
from storage.trials import Trials
from trainer.corpus import Corpus, corpus_fingerprint
from trainer.exit_codes import BadInputError

_BEAT_SECONDS = 2.0


class Registration:
    """From :meth:`enter` to :meth:`leave`, this process is the study's controller.

    Args:
        database: where the entry is.
        config: the study.
        corpus: what its trials learn.
        warm_start: fingerprint of the checkpoint that they begin with.
    """

    def __init__(
        self, database: Database, config: StudyConfig, corpus: Corpus, warm_start: str | None
    ) -> None:
        self._studies = Studies(database)
        self._events = Events(database)
        self._trials = Trials(database)
        self._config = config
        self._name = config.study.name
        self._identity = identity_of(
            config, corpus_fingerprint(corpus), corpus.language, warm_start
        )
        self._process = this_process()
        self._next_beat = 0.0

    def enter(self) -> Sequence[Change]:
        """Create the study, or take it up again; the changes that it took.

        Raises:
            BadInputError: it is another study under the same name, or another process runs it.
        """
        known = self._studies.get(self._name)
        changes: list[Change] = []
        if known is None:
            record = StudyRecord(name=self._name, state=StudyState.STOPPED, identity=self._identity)
            self._studies.create(record)
        else:
            changes = compare(self._name, self._binding(known), self._identity)
        if not self._studies.claim(self._name, self._process):
            raise BadInputError(
                f"study '{self._name}' is being run by another process: watch it with "
                "'smart-tuner status', or start another one with --name"
            )
        self._studies.update(
            self._name,
            identity=self._identity,
            config=self._config.record(),
            trials_target=self._config.study.trials,
        )
        self._log(changes)
        return changes

    def beat(self, eta_seconds: float | None) -> None:
        """Renew the heartbeat, where it is time to."""
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + _BEAT_SECONDS
            self._studies.heartbeat(self._name, eta_seconds, *self._process)

    def leave(self, state: StudyState) -> None:
        """Say how the study stands now that nobody runs it."""
        self._studies.update(self._name, state=state, eta_seconds=None)

    def _binding(self, known: StudyRecord) -> Mapping[str, Any]:
        """What the study is bound to: a corpus that no trial has trained on may be mended."""
        if self._trials.list_of(self._name):
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
