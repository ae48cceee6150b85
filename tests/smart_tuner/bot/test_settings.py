"""The settings of the bot: from the environment, with one clear line for each mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smart_tuner.bot.settings import PREFIX, read_settings
from trainer.exit_codes import BadInputError

TOKEN = "123456:AAsecret_secret-secret"


def _environ(**values: str) -> dict[str, str]:
    return {f"{PREFIX}{name}": value for name, value in values.items()}


def test_who_is_allowed_and_where_telegram_is() -> None:
    settings = read_settings(
        _environ(TOKEN=TOKEN, OPERATORS="1, 2", VIEWERS="-1001;3 4", API_URL="http://host:1/api/")
    )

    assert settings.operators == {1, 2}
    assert settings.viewers == {-1001, 3, 4}
    assert settings.api_url == "http://host:1/api"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"OPERATORS": "1"}, f"{PREFIX}TOKEN is missing"),
        ({"TOKEN": "", "OPERATORS": "1"}, f"{PREFIX}TOKEN is missing"),
        ({"TOKEN": "AAsecret", "OPERATORS": "1"}, "no token of a bot"),
        ({"TOKEN": TOKEN}, "would answer nobody"),
        ({"TOKEN": TOKEN, "OPERATORS": "@anna"}, "'@anna': must be ids"),
        (
            {"TOKEN": TOKEN, "OPERATOR": "1"},
            f"OPERATOR: unknown; did you mean '{PREFIX}OPERATORS'?",
        ),
        ({"TOKEN": TOKEN, "OPERATORS": "1", "API_URL": "host"}, "API_URL: must be a URL"),
        (
            {"TOKEN": TOKEN, "OPERATORS": "1", "WEBHOOK_URL": "https://host/x"},
            "WEBHOOK_SECRET: must be 1 to 256",
        ),
        (
            {
                "TOKEN": TOKEN,
                "OPERATORS": "1",
                "WEBHOOK_URL": "https://host/x",
                "WEBHOOK_SECRET": "abc",
                "WEBHOOK_LISTEN": "8081",
            },
            "WEBHOOK_LISTEN='8081': must be host:port",
        ),
    ],
)
def test_mistakes_are_named(values: dict[str, str], words: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_settings(_environ(**values))

    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "AAsecret" not in message


def test_a_webhook_hides_its_secret() -> None:
    settings = read_settings(
        _environ(TOKEN=TOKEN, VIEWERS="1", WEBHOOK_URL="https://host/x", WEBHOOK_SECRET="hush")
    )

    assert settings.webhook is not None
    assert (settings.webhook.host, settings.webhook.port) == ("127.0.0.1", 8081)
    assert "hush" not in repr(settings)


def test_without_a_token_the_command_ends_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "smart_tuner.cli", "start", "bot"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("SMART_TUNER_")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{PREFIX}TOKEN is missing" in done.stderr
    assert list(tmp_path.iterdir()) == []
