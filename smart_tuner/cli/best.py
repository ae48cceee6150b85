"""``smart-tuner best``."""

from typing import Any

import click
from rich.text import Text

from dashboards.terminal import best_panel, trials_table
from smart_tuner.cli.database import OpenStudy, open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.cli.ranking import Ranking, ranking
from smart_tuner.exit_codes import TunerExit
from storage.json_values import finite
from storage.status import read

_FIELDS = ("number", "params", "metrics", "checkpoint", "alignment_png", "sample_wav", "status")


@click.command()
@json_option
@name_option
@storage_option
def best(as_json: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """Show the best trial and where its voice is.

    Exit code 3: no trial is complete. With several objectives: the best by the first one, and
    all trials that no other one beats.
    """
    with open_study(storage_url, name) as study:
        ranked = ranking(study)
        if ranked is None:
            click.echo(_nothing_yet(study), err=True)
            return TunerExit.NO_RESULT
    if as_json:
        print_json(_to_json(ranked))
    else:
        _show(study.record.name, ranked)
    return TunerExit.FINISHED


def _nothing_yet(study: OpenStudy) -> str:
    counts = read(study.database, study.record.name).counts
    names = ("running", "queued", "paused", "lost", "pruned", "failed")
    others = ", ".join(f"{getattr(counts, n)} {n}" for n in names if getattr(counts, n))
    name = study.record.name
    return f"study '{name}': no trial is complete ({others or 'none was started'})"


def _to_json(ranked: Ranking) -> dict[str, Any]:
    """The documented fields; ``pareto`` (numbers of trials) with several objectives alone."""
    trial = ranked.best
    value = trial.values[0] if ranked.front and trial.values else trial.value
    fields = {"value": value} | {name: getattr(trial, name) for name in _FIELDS}
    ordered = {"number": trial.number} | fields
    front = {"pareto": [one.number for one in ranked.front]} if ranked.front else {}
    return {name: finite(item) for name, item in (ordered | front).items()}


def _show(name: str, ranked: Ranking) -> None:
    console = OutputConsole()
    console.print(Text(f"Study {name}", style="bold"))
    console.print(best_panel(ranked.best))
    if ranked.front:
        console.print(Text("No other trial beats these in every objective:", style="bold"))
        console.print(trials_table(ranked.front))
