"""The tables of studies and of trials."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dashboards.formatting import NOTHING, day, fraction, number, setting
from dashboards.states import study_state, trial_role, trial_state
from storage.records import StudyStatus, TrialRecord


def trials_table(trials: Sequence[TrialRecord]) -> RenderableType:
    """Every trial: role, state, reason, value, step, restarts if any, and hyperparameters."""
    if not trials:
        return Text("No trials yet.")
    table = plain_table("trial", "role", "state", "reason")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("step", justify="right", no_wrap=True)
    rescued = any(trial.metrics.get("restarts") for trial in trials)
    if rescued:
        table.add_column("restarts", justify="right", no_wrap=True)
    table.add_column("hyperparameters", overflow="fold")
    for trial in trials:
        table.add_row(
            Text(str(trial.number)),
            trial_role(trial.role),
            trial_state(trial.state),
            Text(trial.reason or NOTHING),
            Text(trial_value(trial)),
            Text(NOTHING if trial.step is None else str(trial.step)),
            *([Text(setting(trial.metrics.get("restarts")))] if rescued else []),
            params_text(trial.params),
        )
    return table


def studies_table(studies: Sequence[StudyStatus]) -> RenderableType:
    """Every study: state, trials ended of those wanted, their ends, best value and beginning."""
    if not studies:
        return Text("No studies yet: start one with 'smart-tuner start study'.")
    table = plain_table()
    table.add_column("study", overflow="fold", min_width=12)
    table.add_column("state", min_width=10)
    for name in ("trials", "complete", "pruned", "failed", "best"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("started", no_wrap=True)
    for study in studies:
        table.add_row(Text(study.study), study_state(study.state), *_numbers(study))
    return table


def plain_table(*columns: str) -> Table:
    """A table without frame whose first ``columns`` are never wrapped."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def params_text(params: Mapping[str, Any]) -> Text:
    """``name=value`` pairs, one after another."""
    return Text(" ".join(f"{name}={setting(value)}" for name, value in params.items()))


def trial_value(trial: TrialRecord) -> str:
    """The objective's value, or all of them in a study of several."""
    if trial.values is not None and len(trial.values) > 1:
        return " ".join(number(value) for value in trial.values)
    return number(trial.value)


def _numbers(study: StudyStatus) -> list[Text]:
    counts = study.counts
    texts = [
        fraction(study.trials_ended, study.trials_target),
        *map(str, (counts.complete, counts.pruned, counts.failed)),
        NOTHING if study.best is None else number(study.best.value),
        day(study.created_at),
    ]
    return [Text(text) for text in texts]
