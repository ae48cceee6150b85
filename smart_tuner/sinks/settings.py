"""What a sink process is told: which study, where its files are, and who is to know."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from smart_tuner.config.study_config import StudyConfig


def unsent_marker(folder: Path) -> Path:
    """In the folder of a study's runs: there while something may not have been sent."""
    return folder / "sinks.unsent"


@dataclass(frozen=True)
class MlflowPlace:
    """Where in MLflow a study's runs go."""

    uri: str
    """As MLflow takes it; it may hold a password."""
    safe_uri: str
    """The same without it."""
    experiment: str
    pages: str
    """Where a browser finds MLflow."""


@dataclass(frozen=True)
class SinkSettings:
    """Sent through a pipe, never on a command line: there are passwords in it."""

    study: str
    storage: str
    """The database's URL."""
    folder: str
    """The folder of the study's run directories, absolute."""
    mlflow: MlflowPlace | None
    tensorboard: bool

    @classmethod
    def of(cls, config: StudyConfig, folder: Path) -> Self:
        """Those of a study, whose run directories are in ``folder``."""
        return cls(
            study=config.study.name,
            storage=config.storage.url.get_secret_value(),
            folder=str(folder.resolve()),
            mlflow=_place(config) if config.sinks.mlflow else None,
            tensorboard=config.sinks.tensorboard,
        )

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return self.mlflow is not None or self.tensorboard

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """The settings that :meth:`to_json` wrote."""
        values = json.loads(line)
        place = values["mlflow"]
        return cls(**{**values, "mlflow": None if place is None else MlflowPlace(**place)})


def _place(config: StudyConfig) -> MlflowPlace:
    section = config.mlflow
    return MlflowPlace(section.uri, section.safe_uri, section.experiment, section.pages)
