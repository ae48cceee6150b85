"""What people ask the bot, over real HTTP, while a real study runs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from storage.commands import Commands
from storage.database import open_database
from storage.records import StudyState
from storage.studies import Studies
from tests.smart_tuner.bot.bot_api_server import BotApiServer, Message, plain
from tests.smart_tuner.bot.bot_process import OPERATOR, STRANGER, VIEWER, BotProcess, eventually
from tests.smart_tuner.conftest import NAME

WaitFor = Callable[..., Message]
MakeBot = Callable[..., BotProcess]


@pytest.fixture
def bot(slow_workshop: Any, make_bot: MakeBot, wait_until: Callable[..., None]) -> BotProcess:
    """A bot beside a study that runs."""
    slow_workshop.start(study={"trials": 3}, trainer={"steps": 4000, "evaluate_every": 20})
    wait_until(lambda: any(trial.step for trial in slow_workshop.trials()))
    return make_bot(_url(slow_workshop)).start()


def _url(workshop: Any) -> str:
    return f"sqlite:///{workshop.folder}/smart_tuner.db"


def test_an_operator_watches_pauses_resumes_and_stops(
    bot: BotProcess, slow_workshop: Any, server: BotApiServer, wait_for: WaitFor
) -> None:
    server.say(OPERATOR, "/start")
    wait_for(OPERATOR, "You are an operator")

    server.say(OPERATOR, "/status")
    live = wait_for(OPERATOR, NAME, "running", "Trial 0")
    assert "▓" in live.text or "░" in live.text
    eventually(lambda: live.edits >= 2)

    asked = time.monotonic()
    server.say(OPERATOR, "/pause")
    wait_for(OPERATOR, "Pausing: the trainers leave with checkpoints.")
    assert time.monotonic() - asked < 2
    eventually(lambda: _state(slow_workshop) is StudyState.PAUSED)
    eventually(lambda: "paused" in live.text)

    server.press(OPERATOR, live, "Resume")
    wait_for(OPERATOR, "It runs again.")
    eventually(lambda: _state(slow_workshop) is StudyState.RUNNING)

    server.say(OPERATOR, "/stop")
    question = wait_for(OPERATOR, "Stop speech?")
    assert _state(slow_workshop) is StudyState.RUNNING
    server.press(OPERATOR, question, "Yes")
    wait_for(OPERATOR, "Stopping: the trainers leave with checkpoints.")
    eventually(lambda: _state(slow_workshop) is StudyState.STOPPED)

    with open_database(_url(slow_workshop)) as database:
        asked_by = {(one.source, one.requested_by) for one in Commands(database).list_of(NAME)}
    assert asked_by == {("telegram", str(OPERATOR))}
    assert bot.stop() == 0
    assert "test-token" not in bot.log


def test_a_viewer_may_look_and_change_nothing_and_a_stranger_gets_nothing(
    bot: BotProcess, slow_workshop: Any, server: BotApiServer, wait_for: WaitFor
) -> None:
    for _ in range(2):
        server.say(STRANGER, "/start")
    server.say(STRANGER, "/status")
    server.say(VIEWER, "/status", chat=-100500)
    server.say(VIEWER, "/status")
    live = wait_for(VIEWER, NAME, "running")
    assert not any("Pause" in text for text in live.buttons)

    for command in ("/pause", "/resume", "/stop", "/prune 0"):
        before = server.to(VIEWER)[-1].message_id
        server.say(VIEWER, command)
        wait_for(VIEWER, "Only operators may do that.", after=before)
    with open_database(_url(slow_workshop)) as database:
        assert Commands(database).list_of(NAME) == []

    assert server.to(STRANGER) == []
    assert server.to(-100500) == []
    assert bot.log.count(f"user {STRANGER} in chat {STRANGER} is not allowed") == 1


@pytest.mark.slow
def test_trials_are_shown_and_pruned(
    bot: BotProcess, slow_workshop: Any, server: BotApiServer, wait_for: WaitFor
) -> None:
    server.say(OPERATOR, "/studies")
    studies = wait_for(OPERATOR, "1 study", NAME)
    server.press(OPERATOR, studies, NAME)
    wait_for(OPERATOR, NAME, "Trial 0")

    server.say(OPERATOR, "/trials")
    trials = wait_for(OPERATOR, f"Trials of {NAME}")
    server.press(OPERATOR, trials, "0")
    shown = wait_for(OPERATOR, f"Trial 0 of {NAME}", "learning_rate")

    server.press(OPERATOR, shown, "Prune")
    question = wait_for(OPERATOR, "Prune trial 0 of speech?")
    server.press(OPERATOR, question, "Yes")
    wait_for(OPERATOR, "Trial 0 is pruned.")
    wait_for(OPERATOR, "A trial was pruned", "it was stopped")

    server.say(OPERATOR, "/trial 77")
    wait_for(OPERATOR, "speech has no trial 77.")
    server.say(OPERATOR, "/prune")
    wait_for(OPERATOR, "Say which trial")
    server.say(OPERATOR, "/best")
    wait_for(OPERATOR, "No trial of speech is complete yet.")
    server.say(OPERATOR, "/report 1")
    wait_for(OPERATOR, f"Report of trial 1 of {NAME}", "Actions taken")
    server.say(OPERATOR, "/status nothing <b>of</b> the kind")
    wait_for(OPERATOR, "There is no study nothing <b>of</b> the kind; there are: speech")


def test_russian_for_a_russian_client_and_english_when_asked(
    bot: BotProcess, server: BotApiServer, wait_for: WaitFor
) -> None:
    server.say(OPERATOR, "/status", language="ru")
    wait_for(OPERATOR, NAME, "идёт", "Испытание 0", "норма градиента")
    server.say(OPERATOR, "/language", language="ru")
    question = wait_for(OPERATOR, "На каком языке?")
    server.press(OPERATOR, question, "English", language="ru")
    wait_for(OPERATOR, "From now on I write English here.")
    server.say(OPERATOR, "/help", language="ru")
    wait_for(OPERATOR, "Commands", "/pause – pause a study")

    assert set(server.commands) == {"", "ru"}
    names = [[one["command"] for one in menu] for menu in server.commands.values()]
    assert names[0] == names[1]


@pytest.mark.slow
def test_the_live_message_survives_a_restart_and_comes_back_only_when_asked(
    bot: BotProcess, server: BotApiServer, wait_for: WaitFor
) -> None:
    server.say(OPERATOR, "/status")
    live = wait_for(OPERATOR, NAME, "running")
    eventually(lambda: live.edits >= 1)
    bot.kill()
    edits = live.edits
    bot.start()
    eventually(lambda: live.edits > edits)
    assert len(server.to(OPERATOR)) == 1

    live.deleted = True
    eventually(lambda: "is edited no more" in bot.log)
    assert server.to(OPERATOR) == []
    server.say(OPERATOR, "/status")
    assert wait_for(OPERATOR, NAME).message_id > live.message_id
    assert "Trial" in plain(server.to(OPERATOR)[0].text)


def _state(workshop: Any) -> StudyState:
    with open_database(_url(workshop)) as database:
        study = Studies(database).get(NAME)
    assert study is not None
    return study.state
