"""How a study stands: the table of cases, and what is read from a database."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.assessment import Assessment, Check, Flag, Recommendation
from storage.clock import utc_now
from storage.controllers import Controllers
from storage.database import Database
from storage.levels import Level, gravest
from storage.records import ControllerRecord, TrialRecord, TrialRole, TrialState
from storage.status import read
from storage.study_level import StudyReason, assess_study
from storage.trials import Trials

STABLE, ATTENTION, CRITICAL = Level


def of(*flags: tuple[str, Level]) -> Assessment:
    return Assessment(flags=tuple(Flag(code, level, 9, {}) for code, level in flags))


WEAK, LOST = ("alignment_weak", ATTENTION), ("alignment_lost", CRITICAL)
TABLE: list[tuple[bool, dict[int, Assessment], list[str | None], list[StudyReason]]] = [
    (False, {}, [], []),
    (False, {0: of(), 1: of()}, ["non_finite", None, "non_finite"], []),
    (False, {4: of(WEAK)}, [], [StudyReason("alignment_weak", ATTENTION, 4)]),
    # the gravest first, then by number
    (
        False,
        {5: of(LOST, WEAK), 0: of(WEAK)},
        [],
        [
            StudyReason("alignment_lost", CRITICAL, 5),
            StudyReason("alignment_weak", ATTENTION, 0),
            StudyReason("alignment_weak", ATTENTION, 5),
        ],
    ),
    # what concerns all comes before one trial's
    (
        True,
        {0: of(LOST)},
        [],
        [
            StudyReason("controller_lost", CRITICAL),
            StudyReason("alignment_lost", CRITICAL, 0),
        ],
    ),
    # three that ended alike
    (False, {}, ["crashed"] * 2, []),
    (False, {}, ["crashed", "crashed", None], []),
    (
        False,
        {},
        ["crashed"] * 3 + [None],
        [StudyReason("same_failure_in_a_row", ATTENTION, cause="crashed")],
    ),
    (False, {}, ["statistical"] * 3, []),
    (False, {}, ["stopped"] * 3, []),
    (False, {}, [None] * 3, []),
]


@pytest.mark.parametrize(("lost", "active", "last", "expected"), TABLE)
def test_what_makes_the_level(
    lost: bool,
    active: dict[int, Assessment],
    last: list[str | None],
    expected: list[StudyReason],
) -> None:
    found = assess_study(controller_lost=lost, active=active, last_reasons=last)
    assert list(found) == expected


def test_levels_have_an_order() -> None:
    assert gravest([ATTENTION, CRITICAL, STABLE]) is CRITICAL
    assert gravest([STABLE, ATTENTION]) is ATTENTION
    assert gravest([]) is STABLE


def test_a_study_is_as_ill_as_its_running_trials(database: Database, study: str) -> None:
    """What has ended or waits does not count."""
    states = (
        TrialState.PRUNED,
        TrialState.COMPLETE,
        TrialState.PAUSED,
        TrialState.LOST,
        TrialState.RUNNING,
        TrialState.RESUMING,
    )
    for number, state in enumerate(states):
        trial = TrialRecord(study=study, number=number, state=state)
        flag = WEAK if state.active else LOST
        Trials(database).insert(replace(trial, assessment=of(flag).to_json()))
    Trials(database).insert(TrialRecord(study=study, number=9))  # not judged yet
    Controllers(database).enter(
        ControllerRecord(id="a", study=study, host="elsewhere", pid=1, process_started_at=1.0)
    )

    status = read(database, study)
    assert status.level is ATTENTION
    assert [(r.code, r.number) for r in status.reasons] == [
        ("alignment_weak", 4),
        ("alignment_weak", 5),
    ]
    assert status.to_json()["level"] == "NEEDS ATTENTION"
    assert status.to_json()["reasons"][0] == {
        "code": "alignment_weak",
        "level": "NEEDS ATTENTION",
        "number": 4,
        "cause": None,
    }
    lost = read(database, study, utc_now() + timedelta(minutes=5))
    assert (lost.level, lost.reasons[0].code) == (CRITICAL, "controller_lost")


@pytest.mark.parametrize(
    ("reasons", "alike"),
    [
        (["crashed", "crashed", "crashed"], True),
        (["crashed", "crashed", None], False),
        (["non_finite", "crashed", "crashed", "crashed"], True),
        (["crashed", "crashed", "crashed", "non_finite"], False),
    ],
)
def test_the_last_trials_to_end(
    reasons: list[str | None], alike: bool, database: Database, study: str
) -> None:
    """By number; probes are meant to fail."""
    for number, reason in enumerate(reasons):
        state = TrialState.FAILED if reason else TrialState.COMPLETE
        trial = TrialRecord(study=study, number=number, state=state, reason=reason)
        Trials(database).insert(trial)
    probe = TrialRecord(study=study, number=50, role=TrialRole.PROBE, reason="never_aligned")
    Trials(database).insert(replace(probe, state=TrialState.PRUNED))
    codes = [(reason.code, reason.cause) for reason in read(database, study).reasons]
    assert (("same_failure_in_a_row", "crashed") in codes) == alike


def test_a_judgement_survives_the_database(database: Database, study: str) -> None:
    judged = Assessment(
        flags=(Flag("non_finite", CRITICAL, 7, {"train.loss": math.inf, "cause": "x"}),),
        checklist=(Check("low_loss", False, 2.0, 1.0), Check("good_quality", None, None, 0.8)),
        recommendations=(
            Recommendation("smaller_steps", "learning_rate", "lower", "non_finite", 0.3),
            Recommendation("full_precision", "precision", "set", "non_finite", "fp16", "fp32"),
        ),
    )
    Trials(database).insert(TrialRecord(study=study, number=0, assessment=judged.to_json()))
    stored = Trials(database).get(study, 0)
    assert stored is not None
    assert stored.assessment is not None
    assert Assessment.from_json(stored.assessment) == judged
    assert judged.level is CRITICAL
