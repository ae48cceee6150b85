"""Options that several commands share."""

import click

from smart_tuner.cli.errors import redacted
from storage.engine import parse_url
from storage.errors import StorageError, holds_secret
from trainer.exit_codes import BadInputError


def without_password(
    _context: click.Context, _option: click.Parameter, url: str | None
) -> str | None:
    """``url``, if there is no password in it: a command line is for everybody to see.

    Raises:
        BadInputError: there is one.
    """
    if url is not None and _holds_password(url):
        raise BadInputError(
            "--storage: a password on the command line can be read by every user of this machine "
            "(ps): put the URL into SMART_TUNER_STORAGE__URL, and leave --storage out"
        )
    return url


def _holds_password(url: str) -> bool:
    try:
        return holds_secret(parse_url(url))
    except StorageError:
        return redacted(url) != url  # malformed; but that is not the first thing to say of it


storage_option = click.option(
    "--storage",
    "storage_url",
    metavar="URL",
    callback=without_password,
    help="The database; default: SMART_TUNER_STORAGE__URL, else sqlite:///smart_tuner.db.",
)
name_option = click.option(
    "--name",
    metavar="NAME",
    help="The study; default: the only one, else the one that was updated last.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
addressee_argument = click.argument("name", metavar="[STUDY]", required=False)
addressee_option = click.option(
    "--name",
    metavar="NAME",
    help="The study; default: the only one that runs, else the one that was updated last.",
)
no_wait_option = click.option(
    "--no-wait", is_flag=True, help="Return as soon as it is asked, without the answer."
)
wait_option = click.option(
    "--wait/--no-wait",
    default=None,
    help="Return once the trainers have left, or as soon as it is asked; default: once answered.",
)
