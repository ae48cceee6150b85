"""Waiting until the trainers of a study have left."""

import time

import click

from smart_tuner.cli.database import OpenStudy
from smart_tuner.cli.output import spinner
from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState, StudyStatus
from storage.status import read
from trainer.exit_codes import BadInputError

_POLL_SECONDS = 0.3
_SETTLING_SECONDS = 3.0
"""What is read while the last controller leaves may be neither here nor there."""
_ON_THE_WAY = (StudyState.PAUSING, StudyState.STOPPING)


def await_leaving(study: OpenStudy, *wanted: StudyState) -> TunerExit:
    """Return once the study is in one of the states ``wanted``; Ctrl-C ends the waiting alone.

    Raises:
        BadInputError: it came to be in another one: somebody asked for something else, or its
            controller is gone.
    """
    try:
        status = _left(study, wanted)
    except KeyboardInterrupt:
        click.echo("\nits trainers leave all the same: see 'smart-tuner status'", err=True)
        return TunerExit.STOPPED
    state = status.state.value.replace("_", " ")
    if status.state not in wanted:
        raise BadInputError(
            f"study '{status.study}' is not {wanted[0]} but {state}: see 'smart-tuner status' and"
            " 'smart-tuner commands'"
        )
    click.echo(f"study '{status.study}' is {state}", err=True)
    return TunerExit.FINISHED


def _left(study: OpenStudy, wanted: tuple[StudyState, ...]) -> StudyStatus:
    """The study in one of the states ``wanted``, or in another one for good."""
    expected = time.monotonic()
    with spinner("waiting for the trainers...") as show:
        while True:
            status = read(study.database, study.record.name)
            if status.state in _ON_THE_WAY:
                expected = time.monotonic()
                show(f"{status.state}: {_trainers(status.counts.running)} still there")
            elif status.state in wanted or time.monotonic() - expected > _SETTLING_SECONDS:
                return status
            time.sleep(_POLL_SECONDS)


def _trainers(number: int) -> str:
    return f"{number} trainer is" if number == 1 else f"{number} trainers are"
