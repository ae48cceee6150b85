"""What a report is made of, read at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.importance import importance
from dashboards.objectives import directions_of
from dashboards.report.failures import FailedAttempts, Failures, failed_attempts, failures
from dashboards.summary import Summary, read_summary
from storage.attempts import Attempts
from storage.clock import utc_now
from storage.database import Database
from storage.endings import TrialCost, tried
from storage.records import TrialRecord, TrialState
from storage.trials import Trials


@dataclass(frozen=True)
class Material:
    """A study in full."""

    summary: Summary
    trials: Sequence[TrialRecord]
    """All, by number."""
    failures: Sequence[Failures]
    failed_attempts: Sequence[FailedAttempts]
    """Of trials that were started again, too."""
    importance: Mapping[str, Mapping[str, float]]
    """By objective: the share of each hyperparameter."""
    complete: int
    """Trials that importance is made of."""
    made_at: datetime

    @property
    def name(self) -> str:
        """The study's."""
        return self.summary.study.name

    def cost(self, trial: TrialRecord) -> TrialCost:
        """What a trial has taken."""
        return self.summary.costs.get(trial.number, TrialCost())

    @property
    def front(self) -> list[TrialRecord]:
        """With several objectives the trials that no other one beats; else empty."""
        numbers = {trial.number for trial in self.summary.front}
        return [trial for trial in self.trials if trial.number in numbers]

    @property
    def began_at(self) -> datetime:
        """When its first trial was started; of one without any, when it was made."""
        times = [trial.started_at for trial in self.trials if trial.started_at]
        return min(times, default=self.summary.study.created_at)

    @property
    def last_at(self) -> datetime | None:
        """When its newest trial ended."""
        return max((trial.ended_at for trial in self.trials if trial.ended_at), default=None)

    def unfinished(self) -> Iterator[TrialRecord]:
        """The trials that run, or wait."""
        return (trial for trial in self.trials if not trial.state.ended)


def read_material(database: Database, study: str) -> Material:
    """Read it.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    summary = read_summary(database, study)
    trials = Trials(database).list_of(study)
    return Material(
        summary=summary,
        trials=trials,
        failures=failures(trials, summary.saved),
        failed_attempts=failed_attempts(Attempts(database).list_of(study)),
        importance=_importance(database, summary),
        complete=sum(trial.state is TrialState.COMPLETE for trial in trials),
        made_at=utc_now(),
    )


def _importance(database: Database, summary: Summary) -> dict[str, Mapping[str, float]]:
    space = summary.study.identity.get("space") or {}
    trials = tried(database, summary.study.name)
    pairs = zip(summary.objectives, directions_of(summary.study), strict=True)
    return {
        name: importance(space, trials, direction, place)
        for place, (name, direction) in enumerate(pairs)
    }
