"""``smart-tuner resume``."""

import click

from smart_tuner.cli.asking import ask
from smart_tuner.cli.database import open_addressee
from smart_tuner.cli.options import addressee_argument, json_option, no_wait_option, storage_option
from smart_tuner.exit_codes import TunerExit


@click.command()
@addressee_argument
@no_wait_option
@json_option
@storage_option
def resume(name: str | None, no_wait: bool, as_json: bool, storage_url: str | None) -> TunerExit:
    """Go on with a paused study.

    Without STUDY: the only one that runs. A stopped one is started again with 'smart-tuner start
    study'.
    """
    with open_addressee(storage_url, name) as study:
        return ask(study, "resume", wait=not no_wait, as_json=as_json)
