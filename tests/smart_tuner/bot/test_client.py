"""Answers of servers that aiogram does not understand."""

import asyncio
import json
from typing import Any

import pytest
from aiogram.exceptions import ClientDecodeError
from aiogram.methods import GetUpdates, SendMessage

from smart_tuner.bot.client import make_bot, was_taken
from smart_tuner.bot.settings import BotSettings

SETTINGS = BotSettings(token="123456:secret", viewers=frozenset({1}))


def check(method: Any, result: Any) -> Any:
    """What comes of an answer."""

    async def ask() -> Any:
        bot = make_bot(SETTINGS, patient=False)
        text = json.dumps({"ok": True, "result": result})
        return bot.session.check_response(bot, method, 200, text).result

    return asyncio.run(ask())


def test_an_update_that_is_not_understood_holds_no_other_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "hello"}
    odd = {"update_id": 7, "message": {"message_id": "x"}}

    updates = check(GetUpdates(), [odd, {"update_id": 8, "message": message}])

    assert [one.update_id for one in updates] == [7, 8]
    assert updates[0].message is None
    assert updates[1].message.text == "hello"
    assert "update 7 is not understood" in caplog.text


def test_a_message_that_was_taken_in_odd_words_was_taken() -> None:
    with pytest.raises(ClientDecodeError) as caught:
        check(SendMessage(chat_id=1, text="hello"), {"message_id": 5})

    assert was_taken(caught.value)
    assert not was_taken(ClientDecodeError("no JSON", ValueError(), "<html>"))
    assert not was_taken(ClientDecodeError("odd", ValueError(), {"ok": False}))


def test_the_token_is_in_no_text_of_a_bot() -> None:
    async def describe() -> str:
        bot = make_bot(SETTINGS, patient=True)
        return f"{bot!r} {bot} {SETTINGS!r}"

    assert "secret" not in asyncio.run(describe())
