"""``smart-tuner start``: whatever runs until it is done; the noun comes after the verb."""

import click

from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "study": LazyCommand(
        "smart_tuner.cli.start_study:start_study", "Run a study, or continue the one of that name."
    ),
    "dashboard": LazyCommand(
        "smart_tuner.cli.start_dashboard:start_dashboard", "Show studies in the browser."
    ),
    "bot": LazyCommand(
        "smart_tuner.cli.start_bot:start_bot", "Show studies in Telegram, and obey its operators."
    ),
    "mlflow": LazyCommand(
        "smart_tuner.cli.start_mlflow:start_mlflow",
        "Serve MLflow's pages over what studies have told it, until Ctrl-C.",
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def start() -> None:
    """Start a study, or what shows studies: the dashboard, MLflow, the bot."""
