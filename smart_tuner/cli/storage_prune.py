"""``smart-tuner storage prune``."""

from collections.abc import Sequence
from typing import get_args

import click
from rich.filesize import decimal

from smart_tuner.cli.confirmation import confirmed
from smart_tuner.cli.database import OpenStudy, open_study
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.ranking import directions_of
from smart_tuner.config.sections import Samples
from smart_tuner.exit_codes import TunerExit
from smart_tuner.retention import Removal, apply, files_of, plan
from smart_tuner.run_files import freed
from storage.trials import Trials
from trainer.exit_codes import BadInputError


@click.command("prune")
@click.argument("study")
@click.option(
    "--keep-best", type=click.IntRange(min=1), metavar="K",
    help="Keep the checkpoints of the best K trials alone.",
)  # fmt: skip
@click.option(
    "--samples", type=click.Choice(get_args(Samples)), default="all", show_default=True,
    help="Which to keep of each trial: all; the best evaluation's; or the last one's too.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Name every file that would go, and stop there.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@storage_option
def storage_prune(
    study: str,
    keep_best: int | None,
    samples: Samples,
    dry_run: bool,
    yes: bool,
    storage_url: str | None,
) -> TunerExit:
    """Delete checkpoints and samples that nobody needs any more.

    Of trials that have ended; those that can still go on keep everything, and of every trial
    events, logs and reports stay.
    """
    if keep_best is None and samples == "all":
        raise click.UsageError("say what may go: --keep-best K, --samples best or --samples last")
    with open_study(storage_url, study) as opened:
        removals = _planned(opened, keep_best, samples)
        if dry_run:
            for path in (path for removal in removals for path in removal.files):
                click.echo(path)
        if dry_run or not removals:
            return TunerExit.FINISHED
        if not yes and not confirmed("Delete them? They can't be brought back"):
            click.echo("Nothing was deleted.")
            return TunerExit.STOPPED
        removed = apply(opened.database, study, removals)
    click.echo(f"Deleted {_counted(removed.n_files, 'file')}, {decimal(removed.n_bytes)}.")
    if removed.failures:
        raise BadInputError(
            f"{removed.failures[0]}; {_counted(len(removed.failures), 'file')} stayed: change the"
            " permissions, and prune again"
        )
    return TunerExit.FINISHED


def _planned(study: OpenStudy, keep_best: int | None, samples: Samples) -> list[Removal]:
    """What goes; said in words on the way."""
    trials, name = Trials(study.database), study.record.name
    every, best = trials.list_of(name), None
    if keep_best is not None:
        best = trials.best_numbers(name, directions_of(study), keep_best)
    files = files_of(every)
    removals = plan(every, files, best, samples)
    _describe(study, removals)
    elsewhere = sum(one.run_dir is not None and one.number not in files for one in every)
    if elsewhere:
        click.echo(f"Not on this machine: the run directories of {_counted(elsewhere, 'trial')}.")
    for path in (path for one in files.values() for path in one.left):
        click.echo(f"Left alone, a link or outside the run directory: {path}")
    return removals


def _describe(study: OpenStudy, removals: Sequence[Removal]) -> None:
    checkpoints = [path for one in removals for path in one.checkpoints]
    samples = [path for one in removals for path in one.samples]
    whose = _counted(sum(bool(one.checkpoints) for one in removals), "trial")
    what = (
        f"{_counted(len(checkpoints), 'checkpoint')} of {whose} and"
        f" {_counted(len(samples), 'sample')}, {decimal(freed([*checkpoints, *samples]))} in all"
    )
    name, where = study.record.name, study.database.safe_url
    click.echo(f"Study {name} in {where}: {what if removals else 'nothing to delete'}")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
