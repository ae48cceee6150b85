"""What the bot keeps beside its outbox, on both kinds of database."""

from datetime import timedelta

from storage.bot_chats import BotChat, BotChats
from storage.bot_live import LiveMessage, LiveMessages
from storage.bot_updates import HandledUpdates
from storage.bot_watches import BotWatch, BotWatches
from storage.clock import utc_now
from storage.database import Database
from storage.events import Events
from storage.records import EventRecord, TrialRecord, TrialState
from storage.trials import Trials

GROUP = -1001234567890


def test_a_chat_has_the_defaults_until_it_chooses(database: Database) -> None:
    chats = BotChats(database)
    assert chats.get(GROUP) == BotChat(chat=GROUP)

    chats.update(GROUP, language="ru")
    until = utc_now() + timedelta(hours=1)
    after = chats.update(GROUP, muted_until=until, quiet="23:00-08:00", report_every=100)

    assert after == chats.get(GROUP)
    assert (after.language, after.muted_until, after.severity) == ("ru", until, "info")


def test_a_watch_goes_on(database: Database, study: str) -> None:
    watches = BotWatches(database)
    assert watches.get(study) is None

    watches.save(BotWatch(study=study, event_id=3, state="running"))
    watches.save(BotWatch(study=study, event_id=5, state="paused", best_number=2, best_value=0.5))

    found = watches.get(study)
    assert found is not None
    assert (found.event_id, found.state, found.best_value) == (5, "paused", 0.5)


def test_what_is_old_is_no_news(database: Database, study: str) -> None:
    now = utc_now()
    for number, (age, value) in enumerate([(60, 0.5), (30, 0.7), (1, 0.9)]):
        at = now - timedelta(minutes=age)
        Trials(database).insert(
            TrialRecord(
                study=study, number=number, state=TrialState.COMPLETE, value=value, ended_at=at
            )
        )
        Events(database).append([EventRecord(study=study, kind="ended", number=number, at=at)])

    beginning = BotWatches(database).beginning(study, "maximize", now - timedelta(minutes=10))

    assert (beginning.best_number, beginning.best_value) == (1, 0.7)
    news = Events(database).list_of(study, after_id=beginning.event_id)
    assert [event.number for event in news] == [2]


def test_a_chat_has_one_live_message_a_study(database: Database, study: str) -> None:
    messages = LiveMessages(database)
    old = LiveMessage(chat=GROUP, study=study, message_id=1, digest="a")
    new = LiveMessage(chat=GROUP, study=study, message_id=2, digest="b")
    messages.save(old)
    messages.save(new)

    messages.edited(LiveMessage(chat=GROUP, study=study, message_id=1, digest="x"))
    messages.remove(old)
    assert [(one.message_id, one.digest) for one in messages.list_all()] == [(2, "b")]

    messages.edited(LiveMessage(chat=GROUP, study=study, message_id=2, digest="c"))
    assert [one.digest for one in messages.list_all()] == ["c"]
    messages.remove(new)
    assert messages.list_all() == []


def test_an_update_is_handled_once(database: Database) -> None:
    handled = HandledUpdates(database)
    assert not handled.holds("1: /pause")
    handled.add("1: /pause")
    handled.add("1: /pause")
    assert handled.holds("1: /pause")
    assert not handled.holds("2: /pause")
