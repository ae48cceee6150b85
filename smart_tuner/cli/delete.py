"""``smart-tuner delete``."""

import shlex
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.filesize import decimal

from smart_tuner.cli.confirmation import confirmed
from smart_tuner.cli.database import OpenStudy, find_study, open_study
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.run_folders import run_folders, size_of
from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch.trainer_process import end_orphan
from storage.controllers import Controllers
from storage.deletion import delete_study
from storage.records import TrialRecord
from storage.trials import Trials
from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths


@click.command()
@click.argument("study")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--keep-files", is_flag=True, help="Delete it from the database alone.")
@storage_option
def delete(study: str, yes: bool, keep_files: bool, storage_url: str | None) -> TunerExit:
    """Delete a study with its files.

    Its rows go from the database, and the folders of its runs with every checkpoint. Not while it
    runs.
    """
    with open_study(storage_url, study) as opened:
        trials = _require_idle(opened)
        folders = [] if keep_files else run_folders(study, trials)
        _describe(opened, trials, folders, keep_files)
        question = f"Delete all of it? Study {study} can't be brought back"
        if not yes and not confirmed(question):
            click.echo("Nothing was deleted.")
            return TunerExit.STOPPED
        _end_orphans(_require_idle(opened))  # again: the answer may have taken a while
        _remove(folders)  # first: if that fails, the study is still there to be deleted
        delete_study(opened.database, study)
    click.echo(f"Deleted study {study}.")
    return TunerExit.FINISHED


def _require_idle(study: OpenStudy) -> list[TrialRecord]:
    """The trials, if nobody runs them."""
    name = find_study(study.database, study.record.name).name
    live = Controllers(study.database).live(name)
    if live:
        processes = ", ".join(f"process {one.pid} on {one.host}" for one in live)
        raise BadInputError(
            f"study '{name}' is running ({processes}): stop it first, with 'smart-tuner stop"
            f" {shlex.quote(name)} --wait'"
        )
    return Trials(study.database).list_of(name)


def _describe(
    study: OpenStudy, trials: Sequence[TrialRecord], folders: Sequence[Path], keep_files: bool
) -> None:
    count = "1 trial" if len(trials) == 1 else f"{len(trials)} trials"
    click.echo(f"Study {study.record.name} in {study.database.safe_url}: {count}")
    for folder in folders:
        click.echo(f"Folder {folder}: {decimal(size_of([folder]))}")
    if keep_files:
        click.echo("Files stay where they are.")
    elif not folders:
        click.echo("No files of it are here.")


def _end_orphans(trials: Iterable[TrialRecord]) -> None:
    """Trainers outlive a killed controller for a while, and would write their folders anew."""
    for trial in trials:
        if trial.run_dir is not None:
            end_orphan(RunPaths(Path(trial.run_dir)))


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise BadInputError(
                f"{error.filename or folder}: can't be deleted ({error.strerror or error}): change"
                " its permissions, or keep the files with --keep-files"
            ) from error
