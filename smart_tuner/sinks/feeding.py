"""The feeds of a study: one for each target that is on."""

import os
from collections.abc import Callable
from pathlib import Path

from smart_tuner.sinks.feed import Feed
from smart_tuner.sinks.mlflow_environment import mlflow_environment
from smart_tuner.sinks.settings import SinkSettings
from smart_tuner.sinks.target import Target
from storage.database import Database


def make_feeds(
    settings: SinkSettings, database: Database, say: Callable[[str], None]
) -> list[Feed]:
    """Make them; what a target needs is imported where it is on, for that takes seconds.

    Args:
        settings: which study, which targets.
        database: where the study is.
        say: tells a person one line.
    """
    targets: list[Target] = []
    folder = Path(settings.folder)
    if settings.mlflow is not None:
        os.environ.update(mlflow_environment(os.environ))  # mlflow looks at it when imported
        from smart_tuner.sinks.mlflow_target import MlflowTarget

        targets.append(MlflowTarget(settings.mlflow, database, folder, say))
    if settings.tensorboard:
        from smart_tuner.sinks.tensorboard_target import TensorboardTarget

        targets.append(TensorboardTarget())
    return [Feed(database, settings.study, folder, target, say) for target in targets]
