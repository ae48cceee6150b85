"""How a study stands in a few numbers: what its note and its report begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.objectives import directions_of, objectives_of
from dashboards.savings import Saving, savings
from storage.database import Database
from storage.endings import Ending, TrialCost, endings, trial_costs
from storage.ranking import front_of
from storage.records import StudyRecord, StudyStatus, TrialRecord, TrialRole, TrialState
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials


@dataclass(frozen=True)
class Summary:
    """A study, its trials in outline, what they have cost and what came of them."""

    study: StudyRecord
    status: StudyStatus
    trials: Sequence[Ending]
    """All, by number."""
    costs: Mapping[int, TrialCost]
    saved: Sequence[Saving]
    best: TrialRecord | None
    """``None`` before the first complete trial; of a front, the best by the first objective."""
    front: Sequence[Ending]
    """With several objectives the trials that no other one beats; else empty."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """Their names."""
        return objectives_of(self.study)

    @property
    def steps(self) -> int:
        """Trained by all attempts of all trials."""
        return sum(cost.steps for cost in self.costs.values())

    @property
    def seconds(self) -> float:
        """Of all trainers, times their GPUs."""
        return sum(cost.seconds for cost in self.costs.values())

    @property
    def steps_saved(self) -> int:
        """Planned, and not trained because trials were pruned; of probes, too."""
        return sum(saving.steps for saving in self.saved)

    @property
    def seconds_saved(self) -> float:
        """Of trainers, at the study's mean pace."""
        return sum(saving.seconds for saving in self.saved)


def read_summary(database: Database, study: str) -> Summary:
    """Read it.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    status = read(database, study)
    record = Studies(database).get(study)
    if record is None:
        raise Studies(database).not_found(study)
    trials, costs = endings(database, study), trial_costs(database, study)
    front = _front(record, trials)
    number = _best_number(record, status, front)
    return Summary(
        study=record,
        status=status,
        trials=trials,
        costs=costs,
        saved=savings(record, trials, costs),
        best=None if number is None else Trials(database).get(study, number),
        front=front,
    )


def _front(study: StudyRecord, trials: Sequence[Ending]) -> list[Ending]:
    directions = directions_of(study)
    if len(directions) == 1:
        return []
    candidates = [
        trial
        for trial in trials
        if trial.state is TrialState.COMPLETE and trial.role is not TrialRole.PROBE
    ]
    places = front_of([trial.values for trial in candidates], directions)
    return [candidates[place] for place in places]


def _best_number(study: StudyRecord, status: StudyStatus, front: Sequence[Ending]) -> int | None:
    if status.best is not None:
        return status.best.number
    if not front:
        return None
    choose = max if directions_of(study)[0] == "maximize" else min
    return choose(front, key=lambda trial: trial.values[0] if trial.values else 0.0).number
