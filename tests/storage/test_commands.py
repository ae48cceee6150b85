from datetime import timedelta

import pytest

from storage.commands import EXPIRES_AFTER_SECONDS, Commands
from storage.database import Database
from storage.records import CommandState, StudyRecord
from storage.studies import Studies


def test_sent_read_and_answered(database: Database, study: str) -> None:
    commands = Commands(database)
    sent = commands.send(
        study, "prune", requested_by="Анна", source="telegram", number=3, arguments={"soft": True}
    )

    assert commands.pending(study) == [sent]
    assert (sent.kind, sent.number, sent.arguments) == ("prune", 3, {"soft": True})
    assert (sent.requested_by, sent.source) == ("Анна", "telegram")

    assert commands.answer(sent.id, CommandState.DONE, "trial 3 is stopping")

    assert commands.pending(study) == []
    answered = commands.get(sent.id)
    assert answered is not None
    assert (answered.state, answered.answer) == (CommandState.DONE, "trial 3 is stopping")
    assert answered.answered_at is not None
    assert answered.answered_at >= sent.requested_at


def test_the_first_answer_stays(database: Database, study: str) -> None:
    commands = Commands(database)
    sent = commands.send(study, "pause", requested_by="test", source="cli on host")
    commands.answer(sent.id, CommandState.REFUSED, "no")

    assert not commands.answer(sent.id, CommandState.DONE)

    answered = commands.get(sent.id)
    assert answered is not None
    assert answered.state is CommandState.REFUSED


def test_pending_is_oldest_first_and_of_one_study(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    commands = Commands(database)
    for name, kind in ((study, "pause"), ("other", "stop"), (study, "resume")):
        commands.send(name, kind, requested_by="test", source="cli on host")

    assert [command.kind for command in commands.pending(study)] == ["pause", "resume"]
    assert commands.get(10_000) is None


def test_what_was_asked_stays_in_the_list(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    commands = Commands(database)
    sent = [
        commands.send(name, "set", requested_by="anna", source="dashboard", arguments={"trials": n})
        for n, name in enumerate((study, "other", study, study))
    ]
    commands.answer(sent[0].id, CommandState.DONE, "done")
    commands.answer(sent[2].id, CommandState.REFUSED, "no")

    trail = commands.list_of(study)

    assert [each.id for each in trail] == [sent[0].id, sent[2].id, sent[3].id]
    assert [each.state.value for each in trail] == ["done", "refused", "pending"]
    assert [each.arguments["trials"] for each in trail] == [0, 2, 3]


def test_a_command_that_nobody_obeys_expires(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    commands = Commands(database)
    sent = commands.send(study, "pause", requested_by="anna", source="telegram")
    others = commands.send("other", "pause", requested_by="anna", source="telegram")
    later = sent.requested_at + timedelta(seconds=EXPIRES_AFTER_SECONDS)

    assert commands.expire(study, later) == []
    (expired,) = commands.expire(study, later + timedelta(microseconds=1))

    assert expired == commands.get(sent.id)
    assert expired.state is CommandState.EXPIRED
    assert expired.answered_at is not None
    assert expired.answer == (
        "no controller ran study 'demo' within 60 s of this: "
        "start it with 'smart-tuner start study', then ask again"
    )
    assert commands.pending(study) == []
    assert commands.expire(study, later + timedelta(days=1)) == []
    assert commands.pending("other") == [others]


@pytest.mark.parametrize("state", [CommandState.DONE, CommandState.REFUSED])
def test_an_answered_command_does_not_expire(
    database: Database, study: str, state: CommandState
) -> None:
    commands = Commands(database)
    sent = commands.send(study, "stop", requested_by="anna", source="telegram")
    commands.answer(sent.id, state, "so be it")

    assert commands.expire(study, sent.requested_at + timedelta(hours=1)) == []

    after = commands.get(sent.id)
    assert after is not None
    assert (after.state, after.answer) == (state, "so be it")


def test_an_expired_command_is_not_obeyed(database: Database, study: str) -> None:
    commands = Commands(database)
    sent = commands.send(study, "stop", requested_by="anna", source="telegram")
    commands.expire(study, sent.requested_at + timedelta(hours=1))

    assert not commands.answer(sent.id, CommandState.DONE)
