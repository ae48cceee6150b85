"""What the bot reads of studies: blocking calls, made in threads by those who wait."""

from datetime import datetime
from hashlib import blake2s

from storage.attempts import Attempts
from storage.controllers import Controllers
from storage.database import Database
from storage.records import AttemptRecord, StudyRecord, StudyStatus, TrialRecord
from storage.status import read, read_all
from storage.studies import Studies
from storage.trials import Trials


class NoSuchStudyError(Exception):
    """There is no study of that name; ``known`` are those that there are."""

    def __init__(self, name: str | None, known: list[str]) -> None:
        super().__init__(name)
        self.name, self.known = name, known


class Reader:
    """Reads studies and trials.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._studies, self._trials = Studies(database), Trials(database)

    def studies(self) -> list[StudyStatus]:
        """How every study stands, oldest first."""
        return read_all(self.database)

    def study(self, name: str | None, usual: str | None = None) -> StudyRecord:
        """The study called ``name``; without a name ``usual``, else the one last heard of.

        Raises:
            NoSuchStudyError: there is none.
        """
        studies = self._studies.list_all()
        by_name = {one.name: one for one in studies}
        if name is not None:
            found = by_name.get(name) or _alike(name, studies)
        else:
            found = by_name.get(usual or "") or max(studies, key=self._last_sign, default=None)
        if found is None:
            raise NoSuchStudyError(name, list(by_name))
        return found

    def by_handle(self, handle: str) -> StudyRecord:
        """The study of a button (:func:`handle_of`).

        Raises:
            NoSuchStudyError: it was deleted.
        """
        studies = self._studies.list_all()
        found = next((one for one in studies if handle_of(one.name) == handle), None)
        if found is None:
            raise NoSuchStudyError(None, [one.name for one in studies])
        return found

    def status(self, study: str) -> StudyStatus:
        """How a study stands."""
        return read(self.database, study)

    def trials(self, study: str, n: int) -> list[TrialRecord]:
        """The ``n`` trials of the highest numbers."""
        return self._trials.newest(study, n)

    def trial(self, study: str, number: int) -> TrialRecord | None:
        """One trial."""
        return self._trials.get(study, number)

    def attempts(self, study: str, number: int) -> list[AttemptRecord]:
        """The trainers of a trial, in their order."""
        return Attempts(self.database).list_of(study, number)

    def best(self, study: StudyRecord) -> list[TrialRecord]:
        """The best trial, those that none beats in a study of several objectives, or nothing."""
        directions = directions_of(study)
        if len(directions) > 1:
            return self._trials.pareto_front(study.name, directions)
        best = self._trials.best(study.name, directions[0])
        return [] if best is None else [best]

    def _last_sign(self, study: StudyRecord) -> datetime:
        beats = [one.heartbeat_at for one in Controllers(self.database).list_of(study.name)]
        return max([study.updated_at, *beats])


def directions_of(study: StudyRecord) -> list[str]:
    """``maximize`` or ``minimize`` for each objective."""
    direction = study.identity.get("direction", "maximize")
    return [direction] if isinstance(direction, str) else list(direction)


def handle_of(study: str) -> str:
    """A short name for a button, which holds 64 bytes."""
    return blake2s(study.encode(), digest_size=5).hexdigest()


def _alike(name: str, studies: list[StudyRecord]) -> StudyRecord | None:
    """Phones write the first letter large."""
    same = [one for one in studies if one.name.casefold() == name.casefold()]
    return same[0] if len(same) == 1 else None
