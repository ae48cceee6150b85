"""The life of a trial: the table of what may follow what."""

from dataclasses import fields

import pytest

from storage import lifecycle
from storage.database import Database
from storage.lifecycle import SUCCESSORS, predecessors
from storage.records import (
    ACTIVE_STATES,
    ENDED_STATES,
    TrialCounts,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.status import read
from storage.trials import Trials

S = TrialState


def test_every_state_has_its_row() -> None:
    assert set(SUCCESSORS) == set(TrialState)


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, found = set[TrialState](), {S.QUEUED}
    while found:
        reached |= found
        found = {after for state in found for after in SUCCESSORS[state]} - reached

    assert reached == set(TrialState)


@pytest.mark.parametrize("state", TrialState)
def test_ends_are_final_and_everything_else_can_end(state: TrialState) -> None:
    assert (SUCCESSORS[state] == frozenset()) == state.ended
    assert state.ended or SUCCESSORS[state] >= {S.PRUNED, S.FAILED}


@pytest.mark.parametrize("state", TrialState)
def test_predecessors_are_the_inverse(state: TrialState) -> None:
    assert predecessors(state) == {one for one in TrialState if state in SUCCESSORS[one]}


@pytest.mark.parametrize("state", TrialState)
def test_no_state_follows_itself(state: TrialState) -> None:
    """Else two that make the same change would both be told that they made it."""
    assert state not in SUCCESSORS[state]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.QUEUED, S.RUNNING),
        (S.QUEUED, S.COMPLETE),
        (S.PAUSED, S.RUNNING),
        (S.PAUSED, S.STARTING),
        (S.RUNNING, S.QUEUED),
        (S.COMPLETE, S.RUNNING),
    ],
)
def test_no_short_cuts(before: TrialState, after: TrialState) -> None:
    assert before not in predecessors(after)


@pytest.mark.parametrize("state", TrialState)
def test_a_state_is_one_of_three_kinds(state: TrialState) -> None:
    assert [state.ended, state.waiting, state.active].count(True) == 1
    assert (state in ENDED_STATES, state in ACTIVE_STATES) == (state.ended, state.active)


@pytest.mark.parametrize("state", TrialState)
def test_a_state_is_in_the_documented_picture(state: TrialState) -> None:
    assert state.value in (lifecycle.__doc__ or "")


@pytest.mark.parametrize("state", TrialState)
def test_a_state_is_counted(database: Database, study: str, state: TrialState) -> None:
    Trials(database).insert(TrialRecord(study=study, number=0, state=state))

    counts = read(database, study).counts

    assert getattr(counts, "running" if state.active else state.value) == 1
    assert sum(getattr(counts, field.name) for field in fields(TrialCounts)) == 1


def test_the_database_takes_what_the_table_allows(database: Database, study: str) -> None:
    trials = Trials(database)
    pairs = [(before, after) for before in TrialState for after in TrialState]
    for number, (before, _) in enumerate(pairs):
        trials.insert(TrialRecord(study=study, number=number, state=before))

    moved = [
        trials.move(study, number, after, held_by=None) for number, (_, after) in enumerate(pairs)
    ]

    assert moved == [after in SUCCESSORS[before] for before, after in pairs]
    states = [trial.state for trial in trials.list_of(study)]
    assert states == [pair[done] for pair, done in zip(pairs, moved, strict=True)]


def test_roles_are_all_kept(database: Database, study: str) -> None:
    for number, role in enumerate(TrialRole):
        Trials(database).insert(TrialRecord(study=study, number=number, role=role))

    assert [trial.role for trial in Trials(database).list_of(study)] == list(TrialRole)
