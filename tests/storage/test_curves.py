import math

from storage.curves import Evaluated, evaluations, evidence
from storage.database import Database
from storage.events import Events
from storage.records import EventRecord, TrialRecord
from storage.trials import Trials


def keep(database: Database, study: str, number: int, step: int, **metrics: float) -> None:
    event = EventRecord(study=study, kind="evaluation", number=number, step=step, payload=metrics)
    Events(database).append([event])


def test_evaluations_come_by_trial_and_step(database: Database, study: str) -> None:
    for number, step in ((0, 100), (1, 50), (0, 50), (2, 50)):
        keep(database, study, number, step, quality=number + step)
    Events(database).append([EventRecord(study=study, kind="started", number=0)])
    assert evaluations(database, study, {0, 1, 7}) == {
        0: [Evaluated(50, {"quality": 50}), Evaluated(100, {"quality": 100})],
        1: [Evaluated(50, {"quality": 51})],
    }


def test_a_repeated_step_counts_as_it_was_in_the_end(database: Database, study: str) -> None:
    for quality in (0.1, 0.9):
        keep(database, study, 0, 50, quality=quality)
    assert evaluations(database, study, [0]) == {0: [Evaluated(50, {"quality": 0.9})]}


def test_what_is_not_finite_stays_so(database: Database, study: str) -> None:
    keep(database, study, 0, 50, quality=math.nan)
    [found] = evaluations(database, study, [0])[0]
    assert math.isnan(found.metrics["quality"])


def test_evidence_is_of_those_that_have_any(database: Database, study: str) -> None:
    trials = Trials(database)
    trials.insert(TrialRecord(study=study, number=0))
    trials.insert(TrialRecord(study=study, number=1, evidence={"gradient.norm": 512.0}))
    assert evidence(database, study, [0, 1]) == {1: {"gradient.norm": 512.0}}
