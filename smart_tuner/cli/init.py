"""``smart-tuner init``."""

from pathlib import Path

import click

from smart_tuner.config import study_template
from smart_tuner.exit_codes import TunerExit
from trainer.exit_codes import BadInputError
from trainer.paths import write_text

_FILE = Path("study.yaml")


@click.command()
@click.option("--force", is_flag=True, help="Overwrite a study.yaml that is there.")
def init(force: bool) -> TunerExit:
    """Write a commented study.yaml.

    It holds every key with its default, in the working directory.
    """
    if _FILE.exists() and not force:
        raise BadInputError(f"{_FILE} is here already: --force overwrites it")
    try:
        write_text(_FILE, study_template())
    except OSError as error:
        raise BadInputError(
            f"{_FILE.absolute()} can't be written ({error.strerror}): go to a folder that can be"
        ) from error
    click.echo(f"Wrote {_FILE}. Edit it, then: smart-tuner start study --config {_FILE}")
    return TunerExit.FINISHED
