"""``smart-tuner stop``."""

import click

from smart_tuner.cli.asking import ask
from smart_tuner.cli.database import open_addressee
from smart_tuner.cli.leaving import await_leaving
from smart_tuner.cli.options import addressee_argument, json_option, storage_option, wait_option
from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState


@click.command()
@addressee_argument
@wait_option
@json_option
@storage_option
def stop(name: str | None, wait: bool | None, as_json: bool, storage_url: str | None) -> TunerExit:
    """Stop a study; its trainers leave with checkpoints.

    Without STUDY: the only one that runs. 'smart-tuner start study' continues it.
    """
    with open_addressee(storage_url, name) as study:
        code = ask(study, "stop", wait=wait is not False, as_json=as_json)
        if not wait or code is not TunerExit.FINISHED:
            return code
        return await_leaving(study, StudyState.STOPPED, StudyState.FINISHED)
