"""The experiment that a study's runs are in."""

from urllib.parse import quote

from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from smart_tuner.config.mlflow_section import sqlite_path

ARTIFACTS = "mlartifacts"
"""Beside a SQLite database: the folder of files."""


def experiment_of(client: MlflowClient, uri: str, name: str) -> Experiment:
    """The experiment called ``name``, made where there is none; two processes may try at once."""
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            client.create_experiment(name, _artifacts(uri, name))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage != "active":
        raise MlflowException(
            f"experiment '{name}' was deleted: restore it, or name another as mlflow.experiment"
        )
    return found


def _artifacts(uri: str, name: str) -> str | None:
    """Beside a SQLite file, wherever a command is started; else as the server or MLflow says."""
    path = sqlite_path(uri)
    if path is None:
        return None
    return (path.resolve().parent / ARTIFACTS / quote(name, safe=" ")).as_uri()
