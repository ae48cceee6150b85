"""``smart-tuner studies``."""

import click

from dashboards.terminal import studies_table
from smart_tuner.cli.database import open_storage
from smart_tuner.cli.options import json_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.exit_codes import TunerExit
from storage.status import read_all


@click.command()
@json_option
@storage_option
def studies(as_json: bool, storage_url: str | None) -> TunerExit:
    """List the studies of a database.

    As JSON: a list of what 'smart-tuner status --json' prints.
    """
    with open_storage(storage_url) as database:
        found = read_all(database)
    if as_json:
        print_json([study.to_json() for study in found])
    else:
        OutputConsole().print(studies_table(found))
    return TunerExit.FINISHED
