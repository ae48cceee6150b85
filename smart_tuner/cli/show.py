"""``smart-tuner show``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.text import Text

from dashboards.terminal import trial_panel
from smart_tuner.cli.database import find_trial, open_study
from smart_tuner.cli.options import json_option, name_option, storage_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.exit_codes import TunerExit
from storage.attempts import Attempts
from storage.json_values import finite
from storage.records import AttemptRecord, TrialRecord

_FIELDS = (
    "number", "role", "state", "reason", "evidence", "value", "values", "step", "status", "params",
    "metrics", "run_dir", "checkpoint", "alignment_png", "sample_wav", "exit_code",
)  # fmt: skip
_JUDGED = ("flags", "checklist", "recommendations")
_ATTEMPT_FIELDS = (
    "attempt", "host", "pid", "slot", "gpus", "overrides", "first_step", "last_step", "checkpoint",
    "exit_code", "cause",
)  # fmt: skip


@click.command()
@click.argument("trial", type=click.IntRange(0, 2**31 - 1))
@json_option
@name_option
@storage_option
def show(trial: int, as_json: bool, name: str | None, storage_url: str | None) -> TunerExit:
    """Show how a trial stands, why, and what to try.

    TRIAL is its number, as in 'smart-tuner trials'.
    """
    with open_study(storage_url, name) as study:
        found = find_trial(study, trial)
        attempts = Attempts(study.database).list_of(study.record.name, trial)
    if as_json:
        print_json(_to_json(found, attempts))
    else:
        console = OutputConsole()
        console.print(Text(f"Study {study.record.name}", style="bold"))
        console.print(trial_panel(found, attempts))
    return TunerExit.FINISHED


def _to_json(trial: TrialRecord, attempts: Sequence[AttemptRecord]) -> dict[str, Any]:
    """The documented fields; the judgement's are null before a trial's first evaluation."""
    judged = trial.assessment or dict.fromkeys(_JUDGED)
    fields = (
        {name: getattr(trial, name) for name in _FIELDS}
        | {name: judged[name] for name in _JUDGED}
        | {"started_at": _moment(trial.started_at), "ended_at": _moment(trial.ended_at)}
        | {"attempts": [_attempt(attempt) for attempt in attempts]}
    )
    return {name: finite(value) for name, value in fields.items()}


def _attempt(attempt: AttemptRecord) -> dict[str, Any]:
    fields = {name: getattr(attempt, name) for name in _ATTEMPT_FIELDS}
    times = {"began_at": _moment(attempt.began_at), "ended_at": _moment(attempt.ended_at)}
    return fields | times


def _moment(at: datetime | None) -> str | None:
    """ISO 8601, UTC."""
    return None if at is None else at.isoformat()
