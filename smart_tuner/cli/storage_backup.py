"""``smart-tuner storage backup``."""

import os
from pathlib import Path

import click
from rich.filesize import decimal

from smart_tuner.cli.database import storage_errors
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.output import progress_bar
from smart_tuner.cli.storage_url import storage_url as url_of
from smart_tuner.exit_codes import TunerExit
from storage.backup import backup


@click.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE, if it is there.")
@storage_option
def storage_backup(file: Path, force: bool, storage_url: str | None) -> TunerExit:
    """Copy the whole database to one file.

    FILE becomes a SQLite database, whatever the kind of this one. Studies may run meanwhile: the
    copy shows all of them at one moment. Checkpoints and samples are no part of it.
    """
    with storage_errors(), progress_bar("Copying") as progress:
        studies = backup(url_of(storage_url, os.environ), file, replace=force, progress=progress)
    names = ", ".join(studies) or "no study"
    click.echo(f"Wrote {file} ({decimal(file.stat().st_size)}): {names}")
    return TunerExit.FINISHED
