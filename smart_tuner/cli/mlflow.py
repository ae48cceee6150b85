"""``smart-tuner mlflow``: what is done about MLflow; its pages: ``smart-tuner start mlflow``."""

import click

from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "sync": LazyCommand(
        "smart_tuner.cli.mlflow_sync:mlflow_sync", "Send what MLflow does not have of a study yet."
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def mlflow() -> None:
    """Send to MLflow what it does not have yet."""
