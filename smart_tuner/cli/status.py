"""``smart-tuner status``."""

import time
from collections.abc import Iterator

import click
from rich.live import Live

from dashboards.terminal import live_view
from smart_tuner.cli.database import OpenStudy, goes_on, open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.exit_codes import TunerExit
from storage.records import StudyStatus
from storage.status import read
from storage.trials import Trials

_INTERVAL_SECONDS = 1.0


@click.command()
@click.option("--watch", is_flag=True, help="Show it again each second, until the study ends.")
@json_option
@name_option
@storage_option
def status(watch: bool, as_json: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """Show how a study stands.

    With --watch and --json: one line of JSON a second. Ctrl-C ends the watching, not the study.
    """
    with open_study(storage_url, name) as study:
        readings = _watched(study) if watch else iter([_read(study)])
        try:
            if as_json:
                _print(readings, indent=None if watch else 2)
            else:
                _show(readings, study, in_place=watch)
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal has printed ^C
    return TunerExit.FINISHED


def _read(study: OpenStudy) -> StudyStatus:
    return read(study.database, study.record.name)


def _watched(study: OpenStudy) -> Iterator[StudyStatus]:
    while True:
        status = _read(study)
        yield status
        if not goes_on(status.state):
            return
        time.sleep(_INTERVAL_SECONDS)


def _print(readings: Iterator[StudyStatus], indent: int | None) -> None:
    for status in readings:
        print_json(status.to_json(), indent=indent)


def _show(readings: Iterator[StudyStatus], study: OpenStudy, in_place: bool) -> None:
    """Each reading in the place of the one before, where a terminal can do that."""
    console, trials = OutputConsole(), Trials(study.database)
    views = (live_view(status, trials.recent(status.study)) for status in readings)
    if not (in_place and console.is_terminal):
        for view in views:
            console.print(view)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for view in views:
            live.update(view, refresh=True)
