"""``smart-tuner set``."""

import click

from smart_tuner.cli.asking import ask
from smart_tuner.cli.database import open_addressee
from smart_tuner.cli.options import addressee_option, json_option, no_wait_option, storage_option
from smart_tuner.control.live_settings import parse_settings
from smart_tuner.exit_codes import TunerExit


@click.command("set")
@click.argument("words", metavar="[STUDY] NAME=VALUE...", nargs=-1, required=True)
@addressee_option
@no_wait_option
@json_option
@storage_option
def set_values(
    words: tuple[str, ...],
    name: str | None,
    no_wait: bool,
    as_json: bool,
    storage_url: str | None,
) -> TunerExit:
    """Change trials, jobs, timeout or budget of a running study.

    Such as trials=80, jobs=2, timeout=8h or budget=none.
    """
    named = name is None and "=" not in words[0]
    settings = parse_settings(words[1:] if named else words)
    with open_addressee(storage_url, words[0] if named else name) as study:
        return ask(study, "set", arguments=settings, wait=not no_wait, as_json=as_json)
