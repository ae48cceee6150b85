"""``smart-tuner logs``."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from smart_tuner.cli.database import OpenStudy, find_trial, goes_on, open_study
from smart_tuner.cli.options import name_option, storage_option
from smart_tuner.exit_codes import TunerExit
from storage.status import read
from storage.trials import Trials
from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths

_INTERVAL_SECONDS = 0.5
_CHUNK = 1 << 16


@click.command()
@click.argument("trial", type=click.IntRange(0, 2**31 - 1))
@click.option("-f", "--follow", is_flag=True, help="Go on until the trial ends.")
@name_option
@storage_option
def logs(trial: int, follow: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """Print what the trainer of a trial said.

    TRIAL is its number, as in 'smart-tuner trials'. Ctrl-C ends the following, not the trial.
    """
    with open_study(storage_url, name) as study:
        path = _log(study, trial)
        following = follow and _runs(study, trial)
        if not following and not path.is_file():
            raise BadInputError(
                f"{path}: trial {trial} has no log there: if it was started from another folder,"
                " call this one there too"
            )
        try:
            _print(_followed(path, study, trial) if following else _chunks(path, 0))
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal has printed ^C
    return TunerExit.FINISHED


def _log(study: OpenStudy, number: int) -> Path:
    trial = find_trial(study, number)
    if trial.run_dir is None:
        raise BadInputError(f"trial {number} has not been started yet: wait for its log")
    return RunPaths(Path(trial.run_dir)).log


def _runs(study: OpenStudy, number: int) -> bool:
    """Whether more may come: not of a trial whose controller is gone, whatever it left written."""
    trial = Trials(study.database).get(study.record.name, number)
    if trial is None or trial.state.ended:
        return False
    return goes_on(read(study.database, study.record.name).state)


def _followed(path: Path, study: OpenStudy, number: int) -> Iterator[bytes]:
    """What is in ``path`` and what is added; it may not be there yet."""
    position, runs = 0, True
    while runs:
        runs = _runs(study, number)  # asked first: what was said before the end is printed too
        for chunk in _chunks(path, position):
            position += len(chunk)
            yield chunk
        if runs:
            time.sleep(_INTERVAL_SECONDS)


def _chunks(path: Path, position: int) -> Iterator[bytes]:
    """The bytes of ``path`` from ``position`` on; none where there is no such file yet."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(position)
        while chunk := file.read(_CHUNK):
            yield chunk


def _print(chunks: Iterator[bytes]) -> None:
    """As they are: a log is for people, and may hold control characters of progress bars."""
    stream = sys.stdout.buffer
    for chunk in chunks:
        stream.write(chunk)
        stream.flush()
