"""``smart-tuner prune``."""

import click

from smart_tuner.cli.asking import ask
from smart_tuner.cli.database import open_addressee
from smart_tuner.cli.options import addressee_option, json_option, no_wait_option, storage_option
from smart_tuner.exit_codes import TunerExit


@click.command()
@click.argument("trial", type=click.IntRange(0, 2**31 - 1))
@addressee_option
@no_wait_option
@json_option
@storage_option
def prune(
    trial: int, name: str | None, no_wait: bool, as_json: bool, storage_url: str | None
) -> TunerExit:
    """Give up a trial of a running study.

    TRIAL is its number, as in 'smart-tuner trials'.
    """
    with open_addressee(storage_url, name) as study:
        return ask(study, "prune", number=trial, wait=not no_wait, as_json=as_json)
