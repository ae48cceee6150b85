"""``smart-tuner storage restore``."""

import os
from pathlib import Path

import click

from smart_tuner.cli.database import storage_errors
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.output import progress_bar
from smart_tuner.cli.storage_url import storage_url as url_of
from smart_tuner.exit_codes import TunerExit
from storage.restore import restore


@click.command("restore")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@storage_option
def storage_restore(file: Path, storage_url: str | None) -> TunerExit:
    """Fill an empty database from a backup.

    The database may be of another kind than the one that was backed up: so a study moves from
    SQLite to PostgreSQL. One that holds studies is refused, and nothing in it is changed.
    """
    with storage_errors(), progress_bar("Copying") as progress:
        studies = restore(file, url_of(storage_url, os.environ), progress)
    click.echo(f"Restored {', '.join(studies) or 'no study'}.")
    if studies:
        click.echo("A study that ran when the backup was made goes on when it is started again.")
    return TunerExit.FINISHED
