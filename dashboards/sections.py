"""What panels about one trial are made of: titled sections of pairs."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dashboards.formatting import number, setting
from storage.records import TrialRecord

METRICS = (
    "quality",
    "validation.loss",
    "mcd",
    "alignment.diagonal_score",
    "alignment.overall_score",
    "free_run.success_rate",
    "free_run.retrieval_rate",
)
"""Shown of the many; ``--json`` has all."""
_RESCUE = ("restarts", "learning_rate_effective")
"""Only where a study rescues its trials."""


def settings_and_results(trial: TrialRecord) -> list[RenderableType]:
    """Hyperparameters, the scores that matter most, rescues and files, as far as there are any."""
    parts: list[RenderableType] = []
    for title, rows in (
        ("Hyperparameters", [(name, setting(value)) for name, value in trial.params.items()]),
        ("Scores", [(n, number(trial.metrics[n])) for n in METRICS if n in trial.metrics]),
        ("Rescue", [(n, setting(trial.metrics[n])) for n in _RESCUE if n in trial.metrics]),
        ("Files", _files(trial)),
    ):
        if rows:
            parts += [heading(title), pairs(rows)]
    return parts


def heading(title: str) -> Text:
    """The title of a section."""
    return Text(title, style="bold")


def pairs(rows: Iterable[tuple[str | Text, str | Text]]) -> Table:
    """Names, and what is to be said of each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text.assemble("  ", name), Text.assemble(value))
    return grid


def _files(trial: TrialRecord) -> list[tuple[str, str]]:
    files = {
        "checkpoint": trial.checkpoint,
        "alignment": trial.alignment_png,
        "speech": trial.sample_wav,
        "run": trial.run_dir,
    }
    return [(name, path) for name, path in files.items() if path]
