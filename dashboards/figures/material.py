"""What the figures of a study are drawn of, read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.objectives import directions_of
from storage.curves import Evaluated, evaluations, evidence
from storage.database import Database
from storage.endings import Ending, TrialCost, Tried, endings, trial_costs, tried
from storage.progress import Progress
from storage.records import ProgressRecord, StudyRecord
from storage.studies import Studies
from storage.trials import Trials

BEST = 50
"""So many of the best trials are drawn as lines ..."""
NEWEST = 50
"""... and so many of the newest: more lines than these nobody tells apart."""


@dataclass(frozen=True)
class Material:
    """A study, every trial of it in outline, and the scores of the trials that are drawn."""

    study: StudyRecord
    trials: Sequence[Ending]
    """All, by number."""
    costs: Mapping[int, TrialCost]
    drawn: Sequence[Ending]
    """Those that become lines, by number."""
    curves: Mapping[int, Sequence[Evaluated]]
    """The evaluations of the drawn trials, by number."""
    evidence: Mapping[int, Mapping[str, Any]]
    """The values that decided on the drawn trials, by number, where there are any."""
    progress: Mapping[int, ProgressRecord]
    """The newest numbers of the trials that run."""
    tried: Sequence[Tried]

    @property
    def note(self) -> str:
        """What the lines leave out, if anything."""
        if len(self.drawn) == len(self.trials):
            return ""
        return (
            f"{len(self.drawn)} of {len(self.trials):,} trials: "
            f"the {BEST} best and the {NEWEST} newest"
        )


def read_material(database: Database, study: str) -> Material:
    """Read it.

    Raises:
        StudyNotFoundError: there is no such study.
    """
    record = Studies(database).get(study)
    if record is None:
        raise Studies(database).not_found(study)
    trials = endings(database, study)
    numbers = _drawn(database, record, trials)
    return Material(
        study=record,
        trials=trials,
        costs=trial_costs(database, study),
        drawn=[trial for trial in trials if trial.number in numbers],
        curves=evaluations(database, study, numbers),
        evidence=evidence(database, study, numbers),
        progress={one.number: one for one in Progress(database).list_of(study)},
        tried=tried(database, study),
    )


def _drawn(database: Database, study: StudyRecord, trials: Sequence[Ending]) -> set[int]:
    numbers = [trial.number for trial in trials]
    if len(numbers) <= BEST + NEWEST:
        return set(numbers)
    best = Trials(database).best_numbers(study.name, directions_of(study), BEST)
    return {*sorted(best)[:BEST], *numbers[-NEWEST:]}  # a front may be longer
