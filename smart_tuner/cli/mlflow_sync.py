"""``smart-tuner mlflow sync``."""

import logging
import os
from pathlib import Path

import click

from smart_tuner.cli.database import open_study
from smart_tuner.cli.options import storage_option
from smart_tuner.config import load_config
from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch.launcher import RUNS
from smart_tuner.sinks.available import require_mlflow
from smart_tuner.sinks.settings import SinkSettings
from smart_tuner.sinks.syncing import synchronise


@click.command("sync")
@click.argument("study", required=False)
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
    help="The study.yaml that says where MLflow is; default: the environment, else sqlite.",
)  # fmt: skip
@storage_option
def mlflow_sync(study: str | None, config_file: Path | None, storage_url: str | None) -> TunerExit:
    """Send what MLflow does not have of a study yet.

    For a study whose MLflow was away when it ended, or was off. What was sent before is not sent
    again. Run it in the directory in which the study was started.
    """
    require_mlflow()
    # What libraries log, tracebacks with URLs among it, is for nobody here: one line says it.
    logging.getLogger().addHandler(logging.NullHandler())
    with open_study(storage_url, study) as opened:
        name = opened.record.name
        said = {"study": {"name": name}, "sinks": {"mlflow": True},
                "storage": {"url": storage_url}}  # fmt: skip
        config = load_config(config_file, said, environ=os.environ)
        synchronise(SinkSettings.of(config, RUNS / name), opened.database, click.echo)
    click.echo(f"MLflow has all of study '{name}'.")
    return TunerExit.FINISHED
