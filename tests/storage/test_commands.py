from storage.commands import Commands
from storage.database import Database
from storage.records import CommandState, StudyRecord
from storage.studies import Studies


def test_sent_read_and_answered(database: Database, study: str) -> None:
    commands = Commands(database)
    sent = commands.send(study, "stop", requested_by="бот", number=3, arguments={"soft": True})

    assert commands.pending(study) == [sent]
    assert (sent.kind, sent.number, sent.arguments) == ("stop", 3, {"soft": True})

    assert commands.answer(sent.id, CommandState.DONE, "trial 3 is stopping")

    assert commands.pending(study) == []
    answered = commands.get(sent.id)
    assert answered is not None
    assert (answered.state, answered.answer) == (CommandState.DONE, "trial 3 is stopping")
    assert answered.answered_at is not None
    assert answered.answered_at >= sent.requested_at


def test_the_first_answer_stays(database: Database, study: str) -> None:
    commands = Commands(database)
    sent = commands.send(study, "pause", requested_by="test")
    commands.answer(sent.id, CommandState.REFUSED, "no")

    assert not commands.answer(sent.id, CommandState.DONE)

    answered = commands.get(sent.id)
    assert answered is not None
    assert answered.state is CommandState.REFUSED


def test_pending_is_oldest_first_and_of_one_study(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    commands = Commands(database)
    for name, kind in ((study, "pause"), ("other", "stop"), (study, "resume")):
        commands.send(name, kind, requested_by="test")

    assert [command.kind for command in commands.pending(study)] == ["pause", "resume"]
    assert commands.get(10_000) is None
