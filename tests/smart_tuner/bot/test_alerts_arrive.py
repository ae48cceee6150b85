"""Alerts of real studies arrive, each once, whatever Telegram and fate do to the bot."""

import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from storage.bot_outbox import Outbox, OutboxState
from storage.database import Database, open_database
from storage.events import Events
from storage.records import EventRecord, StudyRecord, StudyState, TrialRecord, TrialState
from storage.studies import Studies
from storage.trials import Trials
from tests.smart_tuner.bot.bot_api_server import BotApiServer, Message, plain
from tests.smart_tuner.bot.bot_process import OPERATOR, VIEWER, BotProcess, eventually
from tests.smart_tuner.conftest import NAME

WaitFor = Callable[..., Message]
MakeBot = Callable[..., BotProcess]
KILLS, ALERTS = 10, 40
FAULTS = ["429", "500", "garbage", "nothing"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A study of many trials, which a test lets fail one by one."""
    with open_database(f"sqlite:///{tmp_path}/smart_tuner.db") as database:
        Studies(database).create(StudyRecord(name=NAME, state=StudyState.STOPPED))
        yield database


def fail(database: Database, number: int) -> None:
    """A trial is pruned, as a controller notes it."""
    record = TrialRecord(study=NAME, number=number, state=TrialState.PRUNED, step=7)
    payload = {"state": "pruned", "reason": "gradient_explosion", "gradient.norm": 512.0}
    with database.transaction():
        Trials(database).insert(record)
        event = EventRecord(study=NAME, kind="ended", number=number, step=7, payload=payload)
        Events(database).append([event])


def arrived(server: BotApiServer, chat: int) -> Counter[int]:
    """How often the alert of each trial came to a chat."""
    texts = [plain(one.text) for one in server.to(chat) if "A trial was pruned" in one.text]
    return Counter(int(re.findall(r"trial (\d+)", text)[-1]) for text in texts)


@pytest.mark.slow  # the explosion is told in the same way, and test_files.py has what is attached
def test_a_new_best_is_told_with_picture_voice_and_report(
    real_workshop: Any, make_bot: MakeBot, server: BotApiServer, wait_for: WaitFor
) -> None:
    url = f"sqlite:///{real_workshop.folder}/smart_tuner.db"
    bot = make_bot(url).start()
    server.say(VIEWER, "/start", language="ru")
    done = real_workshop.run(study={"trials": 1})
    assert done.code == 0, done.out

    best = wait_for(OPERATOR, "A new best trial", seconds=90)
    assert best.method == "sendPhoto"
    assert best.file is not None
    assert best.file.startswith(b"\x89PNG")
    voice = wait_for(OPERATOR, "The voice of the new best trial")
    assert voice.method == "sendVoice"
    info = soundfile.info(io.BytesIO(voice.file or b""))
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("OGG", "OPUS", 24000, 1)
    wait_for(OPERATOR, "The study is finished", "1 trial has ended")
    report = wait_for(OPERATOR, "The report of the study", seconds=90)
    assert report.method == "sendDocument"
    assert b"<html" in (report.file or b"")

    eventually(lambda: len(server.to(VIEWER)) == 1 + len(server.to(OPERATOR)), 90)
    wait_for(VIEWER, "Новое лучшее испытание")
    texts = [one.text for one in server.to(OPERATOR)]
    assert len(texts) == len(set(texts))

    server.say(OPERATOR, "/best")
    wait_for(OPERATOR, "Trial 0 of speech", "quality")
    server.say(OPERATOR, "/plot")
    plots = wait_for(OPERATOR, "📈 speech", seconds=90)
    assert (plots.file or b"").startswith(b"\x89PNG")
    assert bot.stop() == 0
    assert "Traceback" not in bot.log


def test_an_explosion_is_told_once(
    workshop: Any, make_bot: MakeBot, server: BotApiServer, wait_for: WaitFor
) -> None:
    make_bot(f"sqlite:///{workshop.folder}/smart_tuner.db").start()
    workshop.run(
        study={"trials": 1},
        trainer={"steps": 20, "evaluate_every": 5},
        probes=[{"learning_rate": 0.5}],
    )

    wait_for(OPERATOR, "The gradient norm is too high", "10000 at step 1, above 20", "trial 1")
    wait_for(OPERATOR, "A trial was pruned", "the gradient exploded (gradient_explosion)")
    wait_for(OPERATOR, "The report of the study", seconds=90)
    told = [plain(one.text).splitlines()[0] for one in server.to(OPERATOR)]
    assert told.count("🔴 The gradient norm is too high") == 1
    assert told.count("✂️ A trial was pruned") == 1


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, KILLS])
def test_a_bot_that_is_killed_again_and_again_tells_each_alert_once(
    database: Database, make_bot: MakeBot, server: BotApiServer, kills: int
) -> None:
    bot = make_bot(str(database.url)).start()
    number = 0
    for _ in range(kills):
        so_far = sum(arrived(server, OPERATOR).values())
        for _ in range(ALERTS // kills):
            fail(database, number)
            number += 1
        eventually(lambda: sum(arrived(server, OPERATOR).values()) > so_far, 60)  # noqa: B023
        bot.kill()
        bot.start()
    eventually(lambda: len(arrived(server, OPERATOR)) == number, 120)
    eventually(lambda: len(arrived(server, VIEWER)) == number, 120)
    eventually(lambda: not Outbox(database).due(), 60)

    for chat in (OPERATOR, VIEWER):
        times = arrived(server, chat)
        assert set(times) == set(range(number))
        assert sum(n - 1 for n in times.values()) <= kills
        assert max(times.values()) <= 2


@pytest.mark.parametrize(
    "kinds", [FAULTS, *(pytest.param([kind] * 4, marks=pytest.mark.slow) for kind in FAULTS)]
)
@pytest.mark.slow
def test_alerts_outlive_the_faults_of_telegram(
    database: Database, make_bot: MakeBot, server: BotApiServer, wait_for: WaitFor, kinds: list[str]
) -> None:
    for kind in kinds:
        for method in ("getMe", "getUpdates", "sendMessage"):
            server.order(kind, method)
    bot = make_bot(str(database.url)).start()
    for number in range(3):
        fail(database, number)
    server.say(OPERATOR, "/help")
    wait_for(OPERATOR, "Commands", seconds=60)

    for chat in (OPERATOR, VIEWER):
        eventually(lambda: len(arrived(server, chat)) == 3, 60)  # noqa: B023
    time.sleep(1.0)
    for chat in (OPERATOR, VIEWER):
        assert set(arrived(server, chat).values()) == {1}
    assert bot.stop() == 0
    assert "test-token" not in bot.log


def test_who_has_blocked_the_bot_holds_nobody_up(
    database: Database, make_bot: MakeBot, server: BotApiServer
) -> None:
    server.blocked.add(OPERATOR)
    make_bot(str(database.url)).start()
    fail(database, 0)

    eventually(lambda: arrived(server, VIEWER) == {0: 1})
    eventually(lambda: not Outbox(database).due())
    states = {one.chat: one.state for one in Outbox(database).list_of(NAME)}
    assert states == {OPERATOR: OutboxState.REFUSED, VIEWER: OutboxState.SENT}
