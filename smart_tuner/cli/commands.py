"""``smart-tuner commands``."""

import click
from rich.text import Text

from dashboards.terminal import commands_table
from smart_tuner.cli.asking import expire_unheard, to_json
from smart_tuner.cli.database import open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.exit_codes import TunerExit
from storage.commands import Commands


@click.command()
@json_option
@name_option
@storage_option
def commands(as_json: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """List what was asked of a study.

    Who asked for what, when, from where, and what came of it, the oldest first.
    """
    with open_study(storage_url, name) as study:
        expire_unheard(study)
        found = Commands(study.database).list_of(study.record.name)
    if as_json:
        print_json([to_json(command) for command in found])
    else:
        console = OutputConsole()
        console.print(Text(f"Study {study.record.name}", style="bold"))
        console.print(commands_table(found))
    return TunerExit.FINISHED
