"""The bot's outbox: each message once, on both kinds of database."""

from datetime import timedelta

import pytest

from storage.bot_outbox import BotMessage, Outbox, OutboxState, key_of
from storage.clock import utc_now
from storage.database import Database
from storage.errors import StudyNotFoundError
from storage.studies import Studies
from storage.tables import StudyRow


def _message(chat: int = 1, key: str = "a", **fields: object) -> BotMessage:
    return BotMessage(chat=chat, key=key_of(key), study="demo", kind="ended", **fields)  # type: ignore[arg-type]


def _only(outbox: Outbox) -> BotMessage:
    (message,) = outbox.list_of("demo")
    return message


def test_the_same_alert_is_put_in_once_a_chat(database: Database, study: str) -> None:
    outbox = Outbox(database)

    assert outbox.add([_message(), _message(), _message(chat=2), _message(key="b")]) == 3
    assert outbox.add([_message(), _message(key="c")]) == 1

    assert [one.chat for one in outbox.due()] == [1, 2, 1, 1]


def test_what_fails_with_the_transaction_is_not_put_in(database: Database, study: str) -> None:
    outbox = Outbox(database)

    @database.transaction()
    def fails() -> None:
        outbox.add([_message()])
        Studies(database).update("another", trials_target=3)

    with pytest.raises(StudyNotFoundError):
        fails()

    assert outbox.due() == []


def test_a_message_on_its_way(database: Database, study: str) -> None:
    outbox = Outbox(database)
    outbox.add([_message(payload={"norm": float("inf")}, chat=-1001234567890)])
    message = _only(outbox)
    assert message.payload == {"norm": float("inf")}

    assert outbox.begin(message)
    assert not outbox.begin(message)
    assert outbox.due() == []
    outbox.postpone(message, utc_now() + timedelta(hours=1), "no network")
    assert outbox.due() == []
    (later,) = outbox.due(utc_now() + timedelta(hours=2))
    assert (later.attempts, later.error) == (1, "no network")

    assert outbox.begin(later)
    outbox.sent(later, 77)
    sent = _only(outbox)
    assert (sent.state, sent.message_id, sent.error) == (OutboxState.SENT, 77, None)
    assert outbox.take_up() == 0


def test_what_was_refused_is_not_tried_again(database: Database, study: str) -> None:
    outbox = Outbox(database)
    outbox.add([_message()])
    outbox.begin(_only(outbox))
    outbox.refuse(_only(outbox), "blocked")

    assert _only(outbox).state == OutboxState.REFUSED
    assert outbox.due(utc_now() + timedelta(days=1)) == []


def test_what_was_interrupted_is_sent_once_more_and_never_a_third_time(
    database: Database, study: str
) -> None:
    outbox = Outbox(database)
    outbox.add([_message()])
    outbox.begin(_only(outbox))
    assert outbox.take_up() == 1
    assert _only(outbox).state == OutboxState.PENDING

    outbox.begin(_only(outbox))
    assert outbox.take_up() == 0
    assert _only(outbox).state == OutboxState.SENT
    assert "interrupted twice" in (_only(outbox).error or "")


def test_messages_go_with_their_study(database: Database, study: str) -> None:
    Outbox(database).add([_message()])
    with database.session() as session:
        session.delete(session.get(StudyRow, study))

    assert Outbox(database).due() == []
    assert Studies(database).list_all() == []
