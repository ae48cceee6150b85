"""The settings of the bot: from the environment alone, for the token is a secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from trainer.exit_codes import BadInputError
from trainer.hparams.suggestion import suggestion

PREFIX = "SMART_TUNER_TELEGRAM__"
PUBLIC_API = "https://api.telegram.org"
_KEYS = ("TOKEN", "API_URL", "OPERATORS", "VIEWERS", "WEBHOOK_URL", "WEBHOOK_SECRET",
         "WEBHOOK_LISTEN")  # fmt: skip
_TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Webhook(NamedTuple):
    """Where Telegram brings the updates, instead of being asked for them."""

    url: str
    """As Telegram reaches it, over HTTPS."""
    secret: str
    host: str
    port: int

    def __repr__(self) -> str:
        return f"Webhook({self.url!r}, listening on {self.host}:{self.port})"


@dataclass(frozen=True, kw_only=True)
class BotSettings:
    """What the bot must know; the token is in no text that is made of it."""

    token: str = field(repr=False)
    api_url: str = PUBLIC_API
    operators: frozenset[int] = frozenset()
    """Users and chats that may see and ask."""
    viewers: frozenset[int] = frozenset()
    """Users and chats that may see."""
    webhook: Webhook | None = None
    """``None``: the bot asks for updates (long polling)."""


def read_settings(environ: Mapping[str, str]) -> BotSettings:
    """The settings that ``environ`` holds.

    Raises:
        BadInputError: one is missing, misspelt or wrong; the token is not shown.
    """
    values = {
        name.upper().removeprefix(PREFIX): value.strip()
        for name, value in environ.items()
        if name.upper().startswith(PREFIX) and value.strip()
    }
    for name in sorted(values):
        if name not in _KEYS:
            raise BadInputError(f"environment {PREFIX}{name}: unknown{_meant(name)}")
    settings = BotSettings(
        token=_token(values.get("TOKEN")),
        api_url=_url("API_URL", values.get("API_URL", PUBLIC_API)),
        operators=_ids("OPERATORS", values.get("OPERATORS", "")),
        viewers=_ids("VIEWERS", values.get("VIEWERS", "")),
        webhook=_webhook(values),
    )
    if not settings.operators | settings.viewers:
        raise BadInputError(
            f"environment {PREFIX}OPERATORS and {PREFIX}VIEWERS: both are empty, so that the bot"
            " would answer nobody: set one to ids of users or chats, separated by commas"
        )
    return settings


def _meant(name: str) -> str:
    known = {key.lower(): key for key in _KEYS}
    text = suggestion(name, known)
    return next((text.replace(f"'{low}'", f"'{PREFIX}{key}'") for low, key in known.items()
                 if f"'{low}'" in text), text)  # fmt: skip


def _token(text: str | None) -> str:
    if text is None:
        raise BadInputError(
            f"environment {PREFIX}TOKEN is missing: set it to the token that @BotFather gave you"
        )
    if not _TOKEN.fullmatch(text):
        raise BadInputError(
            f"environment {PREFIX}TOKEN is no token of a bot (digits, a colon, letters):"
            " copy it from @BotFather again"
        )
    return text


def _ids(name: str, text: str) -> frozenset[int]:
    try:
        return frozenset(int(one) for one in re.split(r"[,;\s]+", text) if one)
    except ValueError:
        raise BadInputError(
            f"environment {PREFIX}{name}={text!r}: must be ids of users or chats, separated by"
            " commas, such as 12345,-100987 (names are none: they can change hands)"
        ) from None


def _url(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInputError(f"environment {PREFIX}{name}: must be a URL, such as {PUBLIC_API}")
    return text.rstrip("/")


def _webhook(values: Mapping[str, str]) -> Webhook | None:
    if "WEBHOOK_URL" not in values:
        return None
    secret = values.get("WEBHOOK_SECRET", "")
    if not _SECRET.fullmatch(secret):
        raise BadInputError(
            f"environment {PREFIX}WEBHOOK_SECRET: must be 1 to 256 letters, digits, '_' or '-',"
            " chosen at random: with it Telegram shows that an update is its own"
        )
    listen = values.get("WEBHOOK_LISTEN", "127.0.0.1:8081")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise BadInputError(
            f"environment {PREFIX}WEBHOOK_LISTEN={listen!r}: must be host:port, such as"
            " 127.0.0.1:8081"
        )
    return Webhook(_url("WEBHOOK_URL", values["WEBHOOK_URL"]), secret, host, int(port))
