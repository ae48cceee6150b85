"""The best trial: what it scored, with which hyperparameters, and where its voice is."""

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from dashboards.assessment import status_line
from dashboards.sections import settings_and_results
from dashboards.tables import trial_value
from storage.records import TrialRecord, TrialRole


def best_panel(trial: TrialRecord) -> RenderableType:
    """The best trial in full: hyperparameters, the scores that matter most, files and status."""
    role = "" if trial.role is TrialRole.TRIAL else f" ({trial.role})"
    title = Text(f"Best trial: {trial.number}{role}, value {trial_value(trial)}", style="bold")
    parts: list[RenderableType] = [Rule(title, align="left", style="green")]
    status = [status_line(trial)] if trial.status else []
    return Group(*parts, *settings_and_results(trial), *status)
