"""``smart-tuner start bot``."""

import asyncio
import os
from pathlib import Path

import click

from smart_tuner.bot.redaction import set_up_log
from smart_tuner.bot.service import serve
from smart_tuner.bot.settings import read_settings
from smart_tuner.cli.database import storage_errors
from smart_tuner.cli.errors import Invocation
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.storage_url import storage_url as configured_url
from smart_tuner.exit_codes import TunerExit
from storage.database import open_database


@click.command("bot")
@click.option(
    "--runs", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR",
    help="Where the runs lie, if not where they were made: DIR/STUDY/TRIAL.",
)  # fmt: skip
@click.option(
    "--alive", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="A file to touch as long as studies are watched: for a health check.",
)  # fmt: skip
@storage_option
@click.pass_obj
def start_bot(
    invocation: Invocation, runs: Path | None, alive: Path | None, storage_url: str | None
) -> TunerExit:
    """Show studies in Telegram, and obey its operators.

    Operators pause, resume, stop and prune; viewers look; nobody else is answered. The environment
    says the rest: SMART_TUNER_TELEGRAM__TOKEN (of @BotFather), SMART_TUNER_TELEGRAM__OPERATORS and
    SMART_TUNER_TELEGRAM__VIEWERS (ids of users and chats, separated by commas), and
    SMART_TUNER_TELEGRAM__API_URL. Ctrl-C ends it; studies go on.
    """
    settings = read_settings(os.environ)
    set_up_log([settings.token], debug=invocation.debug)
    url = configured_url(storage_url, os.environ)
    with storage_errors(), open_database(url) as database:  # studies may begin after the bot
        try:
            asyncio.run(serve(database, settings, runs and runs.resolve(), alive))
        except ExceptionGroup as group:
            raise _first(group) from None
    return TunerExit.FINISHED


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """What went wrong first, in whichever part of the bot."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
