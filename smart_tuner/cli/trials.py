"""``smart-tuner trials``."""

import click
from rich.text import Text

from dashboards.terminal import trials_table
from smart_tuner.cli.database import OpenStudy, open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json_list
from smart_tuner.exit_codes import TunerExit
from storage.trials import Trials

_SHOWN = 200
"""As many as a person reads; a table of ten thousand takes seconds to lay out."""


@click.command()
@click.option(
    "--last", type=click.IntRange(min=1), metavar="N",
    help=f"The newest N; default: {_SHOWN} in a table, all as JSON.",
)  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="All of them.")
@json_option
@name_option
@storage_option
def trials(
    last: int | None, show_all: bool, as_json: bool, name: str | None, storage_url: str | None
) -> TunerExit:
    """List the trials of a study."""
    if show_all and last is not None:
        raise click.UsageError("say --all or --last, not both")
    with open_study(storage_url, name) as study:
        if as_json:
            print_json_list(Trials(study.database).listing(study.record.name, last))
        else:
            _show(study, None if show_all else last or _SHOWN)
    return TunerExit.FINISHED


def _show(study: OpenStudy, n: int | None) -> None:
    found = Trials(study.database).newest(study.record.name, n)
    earlier = Trials(study.database).count(study.record.name) - len(found)
    console = OutputConsole()
    console.print(Text(f"Study {study.record.name}", style="bold"))
    if earlier > 0:
        those = "1 earlier trial is" if earlier == 1 else f"{earlier} earlier trials are"
        console.print(Text(f"{those} not shown: --all, --last N or --json shows them"))
    console.print(trials_table(found))
