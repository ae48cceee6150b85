"""The best trial: what it scored, with which hyperparameters, and where its voice is."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dashboards.formatting import number, setting
from dashboards.tables import trial_value
from storage.records import TrialRecord, TrialRole

_METRICS = (
    "quality",
    "validation.loss",
    "mcd",
    "alignment.diagonal_score",
    "alignment.overall_score",
    "free_run.success_rate",
    "free_run.retrieval_rate",
)
"""Shown of the many; ``smart-tuner best --json`` has all."""
_RESCUE = ("restarts", "learning_rate_effective")
"""Only where a study rescues its trials."""


def best_panel(trial: TrialRecord) -> RenderableType:
    """The best trial in full: hyperparameters, the scores that matter most, and its files."""
    probe = " (probe)" if trial.role is TrialRole.PROBE else ""
    title = Text(f"Best trial: {trial.number}{probe}, value {trial_value(trial)}", style="bold")
    parts: list[RenderableType] = [Rule(title, align="left", style="green")]
    sections = (
        ("Hyperparameters", [(name, setting(value)) for name, value in trial.params.items()]),
        ("Scores", [(name, number(trial.metrics.get(name))) for name in _known(trial)]),
        ("Rescue", [(name, setting(trial.metrics[name])) for name in _rescue(trial)]),
        ("Files", _files(trial)),
    )
    for name, pairs in sections:
        if pairs:
            parts += [Text(name, style="bold"), _pairs(pairs)]
    return Group(*parts)


def _known(trial: TrialRecord) -> list[str]:
    return [name for name in _METRICS if name in trial.metrics]


def _rescue(trial: TrialRecord) -> list[str]:
    return [name for name in _RESCUE if name in trial.metrics]


def _files(trial: TrialRecord) -> list[tuple[str, str]]:
    files = {
        "checkpoint": trial.checkpoint,
        "alignment": trial.alignment_png,
        "speech": trial.sample_wav,
        "run": trial.run_dir,
    }
    return [(name, path) for name, path in files.items() if path]


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(f"  {name}"), Text(value))
    return grid
