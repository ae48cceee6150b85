"""``smart-tuner trials``."""

import click
from rich.text import Text

from dashboards.terminal import trials_table
from smart_tuner.cli.database import open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.exit_codes import TunerExit
from storage.trials import Trials


@click.command()
@json_option
@name_option
@storage_option
def trials(as_json: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """List the trials of a study."""
    with open_study(storage_url, name) as study:
        found = Trials(study.database).list_of(study.record.name)
    if as_json:
        print_json([trial.to_json() for trial in found])
    else:
        console = OutputConsole()
        console.print(Text(f"Study {study.record.name}", style="bold"))
        console.print(trials_table(found))
    return TunerExit.FINISHED
