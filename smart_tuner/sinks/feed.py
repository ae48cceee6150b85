"""A study fed to one target: what is new, once each, in order; nothing lost while it is away."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from smart_tuner.sinks.bookmark import Bookmark
from smart_tuner.sinks.event_tail import generation_of, read_events, size_of
from smart_tuner.sinks.target import AwayError, RefusedError, Target
from storage.database import Database
from storage.errors import StorageError
from storage.following import FollowedTrial, followed_trials
from storage.records import StudyRecord, TrialRecord
from storage.studies import Studies
from storage.trials import Trials
from trainer.events import Event, EventFormatError
from trainer.paths import RunPaths

log = logging.getLogger(__name__)
_QUIET_SECONDS = 15.0
"""Between two deliveries of a running trial: few large ones are cheap."""
_LARGE = 262_144
"""So many bytes of events are delivered at once, however soon."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Feed:
    """Reads the database and the run directories, and delivers to ``target``.

    Args:
        database: where the study is.
        study: its name.
        folder: the run directories that are this feed's.
        target: who is told.
        say: tells a person one line.
    """

    def __init__(
        self,
        database: Database,
        study: str,
        folder: Path,
        target: Target,
        say: Callable[[str], None],
    ) -> None:
        self._database, self._name, self._folder = database, study, folder
        self._target, self._say = target, say
        self._trials, self._studies = Trials(database), Studies(database)
        self._marks: dict[int, Bookmark] = {}
        self._delivered: dict[int, float] = {}
        self._refused: set[int] = set()
        self._seen = -1
        self._store = ""
        self._tell_at = 0.0
        self._pause, self._retry_at, self._longest = 0.0, 0.0, _LONGEST_PAUSE
        self.problem = ""
        """Why the last round failed; empty: it didn't."""

    def round(self, *, last: bool = False, quietly: bool = False) -> bool:
        """Deliver what is due.

        Args:
            last: everything, also what the study's end asks for.
            quietly: whoever calls says himself what went wrong.

        Returns:
            Whether nothing is left of what was to be done.
        """
        if time.monotonic() < self._retry_at:
            return False
        try:
            self._round(last)
        except (AwayError, StorageError) as error:
            self._put_off(error, quietly=quietly)
            return False
        if self.problem:
            self._say(f"{self._target.name} is back")
            self.problem, self._pause = "", 0.0
        return True

    def hurry(self) -> None:
        """The end is near: what is put off is tried at once."""
        self._retry_at = 0.0
        self._longest = _FIRST_PAUSE

    def _round(self, last: bool) -> None:
        study = self._studies.get(self._name)
        if study is None:  # deleted while it ran
            return
        self._open(study)
        for trial in self._news(last):
            try:
                self._follow(trial, last)
            except (RefusedError, EventFormatError) as error:
                self._refuse(trial.number, error)
        if last or time.monotonic() > self._tell_at:
            self._tell_at = time.monotonic() + _QUIET_SECONDS
            self._target.tell_study(study)
        if last:
            self._target.finish(study)

    def _open(self, study: StudyRecord) -> None:
        store = self._target.open(study)
        if store != self._store:
            self._store, self._seen = store, -1
            self._marks.clear()

    def _news(self, last: bool) -> list[FollowedTrial]:
        """The trials of which there may be something to tell."""
        after = -1 if last else self._seen
        found = followed_trials(self._database, self._name, after, set(self._marks))
        self._seen = max([self._seen, *(trial.number for trial in found)])
        return [trial for trial in found if trial.number not in self._refused]

    def _follow(self, seen: FollowedTrial, last: bool) -> None:
        paths = RunPaths(self._folder / str(seen.number))
        is_new = seen.number not in self._marks
        mark = self._marks.get(seen.number) or self._read_mark(paths)
        # A trial that has no folder here has none yet, or another machine has it.
        if mark.settled == seen.state.value or not paths.hparams.exists():
            self._marks.pop(seen.number, None)
            return
        if generation_of(paths.events) != mark.generation:
            mark.generation, mark.offset = generation_of(paths.events), 0
        waiting = size_of(paths.events) - mark.offset
        if last or not seen.state.active or self._is_due(seen.number, waiting):
            self._deliver(seen.number, paths, mark, is_new=is_new)
        self._marks[seen.number] = mark
        if mark.settled and mark.settled == seen.state.value:
            self._forget(seen.number)

    def _is_due(self, number: int, waiting: int) -> bool:
        rested = time.monotonic() - self._delivered.get(number, 0.0) > _QUIET_SECONDS
        return waiting > _LARGE or (waiting > 0 and rested)

    def _deliver(self, number: int, paths: RunPaths, mark: Bookmark, *, is_new: bool) -> None:
        """All that there is; the state is read first, so that no event of it is missing then."""
        trial = self._trials.get(self._name, number)
        if trial is None:
            return
        trial = replace(trial, run_dir=str(paths.root))  # the folder may have been moved since
        if is_new or number not in self._delivered:
            self._target.begin(trial, mark)
            mark.write(self._path(paths))
        self._delivered[number] = time.monotonic()
        while True:
            events, offset = read_events(paths.events, mark.offset)
            if offset == mark.offset:
                break
            self._send(trial, paths, mark, list(events), offset)
        if not trial.state.active:
            self._target.settle(trial, mark)
            mark.settled = trial.state.value
            mark.write(self._path(paths))

    def _send(
        self, trial: TrialRecord, paths: RunPaths, mark: Bookmark, events: list[Event], offset: int
    ) -> None:
        """Deliver, then note it: what fails in between is delivered again, and counted once."""
        counts, words = dict(mark.counts), dict(mark.last)
        try:
            self._target.deliver(trial, mark, events)
        except (AwayError, RefusedError):
            mark.counts, mark.last = counts, words
            raise
        mark.offset, mark.settled = offset, ""
        mark.write(self._path(paths))

    def _read_mark(self, paths: RunPaths) -> Bookmark:
        return Bookmark.read(self._path(paths), self._store)

    def _path(self, paths: RunPaths) -> Path:
        return paths.root / f"{self._target.name.lower()}.json"

    def _forget(self, number: int) -> None:
        self._marks.pop(number, None)
        self._delivered.pop(number, None)

    def _refuse(self, number: int, error: Exception) -> None:
        log.warning("trial %d: %s", number, error, exc_info=error)
        self._say(f"{self._target.name} does not take trial {number}: {error}")
        self._refused.add(number)
        self._forget(number)

    def _put_off(self, error: Exception, *, quietly: bool) -> None:
        """Try again after a pause that grows; the log and a person hear of it once."""
        if not self.problem:
            log.warning("%s", error, exc_info=error)
        if not (self.problem or quietly):
            self._say(f"{self._target.name} is away, and gets later what it misses ({error})")
        self.problem = str(error)
        self._pause = min(max(_FIRST_PAUSE, 2 * self._pause), self._longest)
        self._retry_at = time.monotonic() + self._pause
