"""The process: what it does before there is a study, by webhook, and with a wrong token."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.bot_chats import BotChats
from storage.database import Database, open_database
from storage.events import Events
from storage.records import EventRecord, StudyRecord, StudyState, TrialRecord
from storage.studies import Studies
from storage.trials import Trials
from tests.smart_tuner.bot.bot_api_server import BotApiServer, Message
from tests.smart_tuner.bot.bot_process import OPERATOR, VIEWER, BotProcess, eventually

WaitFor = Callable[..., Message]
MakeBot = Callable[..., BotProcess]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/smart_tuner.db") as database:
        yield database


def explode(database: Database, number: int) -> None:
    """A trial's gradient norm, as a controller notes it."""
    payload = {"level": "critical", "norm": 512.0, "threshold": 100.0}
    Trials(database).insert(TrialRecord(study="demo", number=number))
    Events(database).append(
        [EventRecord(study="demo", kind="gradient", number=number, step=7, payload=payload)]
    )


@pytest.mark.slow
def test_a_bot_may_come_before_the_first_study_and_chats_choose_what_they_hear(
    database: Database, make_bot: MakeBot, server: BotApiServer, wait_for: WaitFor
) -> None:
    bot = make_bot(str(database.url)).start()
    server.say(OPERATOR, "/studies")
    wait_for(OPERATOR, "No studies yet.")
    server.say(OPERATOR, "/status")
    wait_for(OPERATOR, "There is no such study any more; there are: none yet")

    server.say(OPERATOR, "/settings quiet 0:00-23:59")
    wait_for(OPERATOR, "Quiet hours: 00:00-23:59")
    server.say(OPERATOR, "/settings zone Europe/Moscow")
    wait_for(OPERATOR, "Time zone: Europe/Moscow")
    server.say(OPERATOR, "/settings colour red")
    wait_for(OPERATOR, "I don't understand that")
    server.say(OPERATOR, "good morning")
    wait_for(OPERATOR, "/help lists the commands")
    server.say(VIEWER, "/settings")
    settings = wait_for(VIEWER, "Settings of this chat")
    server.press(VIEWER, settings, "critical ones alone")
    wait_for(VIEWER, "Alerts: critical ones alone")

    Studies(database).create(StudyRecord(name="demo", state=StudyState.STOPPED))
    explode(database, 0)
    assert wait_for(OPERATOR, "The gradient norm is too high").silent
    assert not wait_for(VIEWER, "The gradient norm is too high").silent

    before = server.to(VIEWER)[-1].message_id
    server.say(VIEWER, "/mute")
    question = wait_for(VIEWER, "/mute makes them stop", after=before)
    server.press(VIEWER, question, "8 hours")
    wait_for(VIEWER, "No alerts until")
    assert BotChats(database).get(VIEWER).muted_until is not None
    explode(database, 1)
    wait_for(OPERATOR, "The gradient norm is too high", "trial 1")
    assert sum("too high" in one.text for one in server.to(VIEWER)) == 1
    assert bot.stop() == 0
    assert "Traceback" not in bot.log


def test_updates_by_webhook_need_the_secret(
    database: Database, make_bot: MakeBot, server: BotApiServer, wait_for: WaitFor
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = f"http://127.0.0.1:{port}/telegram"
    bot = make_bot(
        str(database.url),
        SMART_TUNER_TELEGRAM__WEBHOOK_URL=hook,
        SMART_TUNER_TELEGRAM__WEBHOOK_SECRET="hush-hush",
        SMART_TUNER_TELEGRAM__WEBHOOK_LISTEN=f"127.0.0.1:{port}",
    ).start()
    eventually(lambda: server.webhook is not None)
    assert server.webhook is not None
    assert (server.webhook["url"], server.webhook["secret_token"]) == (hook, "hush-hush")

    server.say(OPERATOR, "/help")
    (update,) = server._updates
    assert _bring(hook, update, secret="wrong") == 401
    assert _bring(hook, update, secret=None) == 401
    assert server.to(OPERATOR) == []
    for _ in range(2):
        assert _bring(hook, update, secret="hush-hush") == 200
    wait_for(OPERATOR, "Commands")
    assert len(server.to(OPERATOR)) == 1
    assert "getUpdates" not in server.calls
    assert bot.stop() == 0
    assert "hush-hush" not in bot.log


def test_a_wrong_token_ends_the_bot_with_one_line(database: Database, make_bot: MakeBot) -> None:
    bot = make_bot(str(database.url), SMART_TUNER_TELEGRAM__TOKEN="123456:another_one").start()
    assert bot.process is not None
    assert bot.process.wait(60) == 2
    assert "TOKEN: Telegram knows no such bot" in bot.log.splitlines()[-1]
    assert "another_one" not in bot.log
    assert "Traceback" not in bot.log


def _bring(hook: str, update: dict[str, object], secret: str | None) -> int:
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    request = urllib.request.Request(hook, json.dumps(update).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
