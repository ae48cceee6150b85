"""A bot, the server it speaks with, and studies to speak about."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.smart_tuner.bot.bot_api_server import BotApiServer, Message, plain
from tests.smart_tuner.bot.bot_process import BotProcess


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    server = BotApiServer().start()
    yield server
    server.close()


@pytest.fixture
def make_bot(tmp_path: Path, server: BotApiServer) -> Iterator[Callable[..., BotProcess]]:
    """Makes a bot over a database; ended with the test."""
    made: list[BotProcess] = []

    def make(storage: str, **environ: str) -> BotProcess:
        made.append(BotProcess(tmp_path, server, storage, environ))
        return made[-1]

    yield make
    for bot in made:
        if bot.process is not None and bot.process.poll() is None:
            bot.kill()


@pytest.fixture
def wait_for(server: BotApiServer) -> Callable[..., Message]:
    """Waits for a message to a chat that contains all of some texts; the newest of them."""

    def wait(chat: int, *texts: str, seconds: float = 30.0, after: int = 0) -> Message:
        deadline = time.monotonic() + seconds
        while True:
            found = [
                one
                for one in server.to(chat)
                if one.message_id > after and all(text in plain(one.text) for text in texts)
            ]
            if found:
                return found[-1]
            assert time.monotonic() < deadline, (texts, [one.text for one in server.to(chat)])
            time.sleep(0.02)

    return wait
