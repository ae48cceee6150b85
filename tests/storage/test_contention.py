"""Who changes a row first, changes it alone: controllers and readers as real processes."""

from collections.abc import Callable, Iterable
from typing import Any

from storage.commands import Commands
from storage.database import Database
from storage.events import Events
from storage.records import CommandState, TrialRecord, TrialState
from storage.studies import Studies
from storage.trials import Trials
from storage.turns import Turns

Contest = Callable[[int, str], list[Any]]

_CLAIM = """
from storage.trials import Trials
def work(database, me):
    trials = Trials(database)
    seen = trials.list_of("demo")
    barrier.wait()  # every trial is still nobody's in everybody's eyes
    return [trial.number for trial in seen if trials.claim(trial, f"c{me}")]
"""
_MOVE = """
from storage.records import TrialState
from storage.trials import Trials
def work(database, me):
    def starts(number):
        holder = "a" if number % 2 else None
        return Trials(database).move(
            "demo", number, TrialState.STARTING, held_by=holder, reason=f"c{me}"
        )
    return [number for number in range(20) if starts(number)]
"""
_END_OR_LOSE = """
from storage.records import TrialState
from storage.trials import Trials
def work(database, me):
    trials = Trials(database)
    seen = trials.list_of("demo")
    def ends(trial):
        return trials.move(
            "demo", trial.number, TrialState.COMPLETE, held_by="silent", value=1.0
        )
    barrier.wait()
    if me == 0:  # the holder was silent for long, and is there all the same
        return [trial.number for trial in seen if ends(trial)]
    return [trial.number for trial in reversed(seen) if trials.claim(trial, f"c{me}")]
"""
_TURNS = """
import os, time
from storage.studies import Studies
from storage.turns import Turns
def work(database, me):
    turns, studies, flag = Turns(database), Studies(database), f"{folder}/mine"
    for _ in range(30):
        while not turns.take("demo", f"c{me}", gone={"dead"}):
            time.sleep(0.002)
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))  # fails while another holds the turn
        asked = studies.get("demo").settings["asked"]
        studies.update("demo", settings={"asked": asked + 1})  # loses one where two do so at once
        os.unlink(flag)
        turns.release("demo", f"c{me}")
"""
_READ_THEN_WRITE = """
from storage.events import Events
from storage.records import EventRecord
from storage.studies import Studies
from storage.trials import Trials
def work(database, me):
    for step in range(20):
        with database.transaction():
            trials = Trials(database).list_of("demo")
            target = Studies(database).get("demo").trials_target
            Studies(database).update("demo", trials_target=target + 1)
            Trials(database).update("demo", me, step=step)
            event = EventRecord(study="demo", kind="step", number=trials[me].number, step=step)
            Events(database).append([event])
"""
_ANSWER = """
from datetime import timedelta
from storage.clock import utc_now
from storage.commands import Commands
from storage.records import CommandState
def work(database, me):
    commands = Commands(database)
    first, later = commands.pending("demo")[:20], utc_now() + timedelta(hours=1)
    barrier.wait()
    answered = [one.id for one in first if commands.answer(one.id, CommandState.DONE, f"c{me}")]
    barrier.wait()
    return [answered, [one.id for one in commands.expire("demo", later)]]
"""


def _insert(database: Database, number: int, **fields: Any) -> None:
    for each in range(number):
        Trials(database).insert(TrialRecord(study="demo", number=each, **fields))


def _winners(answers: Iterable[list[int]]) -> dict[int, str]:
    """Who won which number; each was won once."""
    won = [(number, f"c{me}") for me, numbers in enumerate(answers) for number in numbers]
    assert len(dict(won)) == len(won)
    return dict(won)


def test_each_trial_is_claimed_by_one(database: Database, study: str, contest: Contest) -> None:
    _insert(database, 50, state=TrialState.LOST)

    winners = _winners(contest(8, _CLAIM))

    trials = Trials(database).list_of(study)
    assert winners == {trial.number: trial.controller for trial in trials}
    assert len(winners) == 50


def test_each_trial_is_moved_by_one(database: Database, study: str, contest: Contest) -> None:
    for number in range(20):
        holder = "a" if number % 2 else None
        Trials(database).insert(
            TrialRecord(study=study, number=number, state=TrialState.QUEUED, controller=holder)
        )

    winners = _winners(contest(8, _MOVE))

    trials = Trials(database).list_of(study)
    assert winners == {trial.number: trial.reason for trial in trials}
    assert {trial.state for trial in trials} == {TrialState.STARTING}


def test_a_holder_ends_its_trial_or_loses_it(
    database: Database, study: str, contest: Contest
) -> None:
    _insert(database, 40, state=TrialState.RUNNING, controller="silent")

    winners = _winners(contest(4, _END_OR_LOSE))

    for trial in Trials(database).list_of(study):
        ended = trial.state is TrialState.COMPLETE
        assert winners[trial.number] == ("c0" if ended else trial.controller)
        assert (trial.controller, trial.value) == ("silent", 1.0) or not ended


def test_never_two_have_the_turn(database: Database, study: str, contest: Contest) -> None:
    """Nor at the beginning, when all of them find it in the hands of a dead one."""
    Studies(database).update(study, settings={"asked": 0})
    assert Turns(database).take(study, "dead")

    contest(6, _TURNS)

    after = Studies(database).get(study)
    assert after is not None
    assert (after.settings, after.asking) == ({"asked": 6 * 30}, None)


def test_transactions_that_read_first_wait_for_each_other(
    database: Database, study: str, contest: Contest
) -> None:
    """None is told that the database is locked, or changed since it read."""
    Studies(database).update(study, trials_target=0)
    _insert(database, 4)

    contest(4, _READ_THEN_WRITE)

    assert [trial.step for trial in Trials(database).list_of(study)] == [19] * 4
    for number in range(4):
        steps = [event.step for event in Events(database).list_of(study, number)]
        assert steps == list(range(20))


def test_each_command_is_answered_once(database: Database, study: str, contest: Contest) -> None:
    """By who obeys it, or by who says that nobody did."""
    for _ in range(40):
        Commands(database).send(study, "pause", requested_by="anna", source="telegram")

    answered, expired = map(_winners, zip(*contest(5, _ANSWER), strict=True))

    commands = Commands(database).list_of(study)
    assert answered == {command.id: command.answer for command in commands[:20]}
    assert sorted(expired) == [command.id for command in commands[20:]]
    states = [command.state for command in commands]
    assert states == [CommandState.DONE] * 20 + [CommandState.EXPIRED] * 20
