"""``smart-tuner doctor``."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import RenderableType
from rich.text import Text

from dashboards.formatting import NOTHING
from dashboards.tables import plain_table
from smart_tuner.cli.database import find_study, open_storage
from smart_tuner.cli.options import json_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json, spinner
from smart_tuner.doctor.examination import Examination, Outcome, Result, examine
from smart_tuner.exit_codes import TunerExit
from storage.database import Database
from storage.studies import Studies

_STYLES = {
    Outcome.MENDED: "green",
    Outcome.TO_MEND: "yellow",
    Outcome.LEFT: "yellow",
    Outcome.NOTED: "dim",
}


@click.command()
@click.argument("name", metavar="[STUDY]", required=False)
@click.option("--check", is_flag=True, help="Say what is wrong, and change nothing.")
@json_option
@storage_option
def doctor(name: str | None, check: bool, as_json: bool, storage_url: str | None) -> TunerExit:
    """Compare Optuna's state with ours, and mend what is wrong.

    Looks at trials, controllers, trainers, checkpoints and commands of STUDY, or of every study of
    the database. Exit code 3: something is still wrong.
    """
    with open_storage(storage_url) as database:
        examined = _examined(database, _names(database, name), mend=not check)
    if as_json:
        print_json(_to_json(examined))
    else:
        _show(examined)
    whole = all(one.is_whole for one in examined)
    return TunerExit.FINISHED if whole else TunerExit.NO_RESULT


def _names(database: Database, name: str | None) -> list[str]:
    if name is not None:
        return [find_study(database, name).name]
    return [study.name for study in Studies(database).list_all()]


def _examined(database: Database, names: Sequence[str], *, mend: bool) -> list[Examination]:
    with spinner("looking...") as show:
        examined = []
        for name in names:
            show(f"looking at study {name}...")
            examined.append(examine(database, name, mend=mend))
    return examined


def _show(examined: Sequence[Examination]) -> None:
    console = OutputConsole()
    results = [result for one in examined for result in one.results]
    if results:
        console.print(_table(results))
    console.print(Text(_summary(examined, results)))


def _table(results: Sequence[Result]) -> RenderableType:
    table = plain_table()
    table.add_column("study", overflow="fold")
    table.add_column("trial", no_wrap=True)
    table.add_column("what was wrong", overflow="fold")
    table.add_column("what was done", overflow="fold")
    for one in results:
        number = one.finding.number
        table.add_row(
            Text(one.finding.study),
            Text(NOTHING if number is None else str(number)),
            Text(one.finding.what),
            Text(_done(one), style=_STYLES[one.outcome]),
        )
    return table


def _done(result: Result) -> str:
    if result.outcome is Outcome.TO_MEND:
        return f"to do: {result.done}"
    return result.done or "nothing to do"


def _summary(examined: Sequence[Examination], results: Sequence[Result]) -> str:
    n_trials = sum(one.n_trials for one in examined)
    trials = "1 trial agrees" if n_trials == 1 else f"{n_trials} trials agree"
    counts = {
        outcome: sum(one.outcome is outcome for one in results)
        for outcome in (Outcome.MENDED, Outcome.TO_MEND, Outcome.LEFT)
    }
    said = [f"{count} {outcome.value}" for outcome, count in counts.items() if count]
    return f"{', '.join(said)}." if said else f"Nothing to mend: {trials}."


def _to_json(examined: Sequence[Examination]) -> dict[str, Any]:
    return {
        "whole": all(one.is_whole for one in examined),
        "studies": [
            {
                "study": one.study,
                "trials": one.n_trials,
                "whole": one.is_whole,
                "findings": [_finding(result) for result in one.results],
            }
            for one in examined
        ],
    }


def _finding(result: Result) -> dict[str, Any]:
    found = result.finding
    return {
        "trial": found.number,
        "code": found.code.value,
        "severity": found.severity.value,
        "what": found.what,
        "remedy": found.remedy and found.remedy.value,
        "outcome": result.outcome.value.replace(" ", "_"),
        "done": result.done,
    }
