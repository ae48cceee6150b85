"""The components that every trial is made of: set up by the configuration, made by the trainer."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.launch.trainer_environment import trainer_environment
from smart_tuner.launch.trainer_process import TRAINER
from smart_tuner.sinks.available import require_sinks
from trainer.exit_codes import BadInputError, TrainerExit

CRITICAL = (
    "gradient clipper",
    "gradient stability monitor",
    "smart LR adapter",
    "guided attention loss",
    "safe DDC loss",
    "alignment diagnostics",
    "debug reporter",
    "rescue",
)
"""Those that a trainer must have, in the order in which they are shown."""
MLFLOW_LOGGER = "MLflow logger"
"""Of the controller's side: no trainer knows of it."""
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Component:
    """One component as it is set up in a study's trials."""

    name: str
    on: bool
    room: str
    """What implements it: ``module:name``."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The hyperparameters that govern it."""
    searched: tuple[str, ...] = ()
    """Settings that the study searches: each trial has its own."""


_COMPONENTS = TypeAdapter(tuple[Component, ...])


def assemble(config: StudyConfig, trainer: Sequence[str] = TRAINER) -> tuple[Component, ...]:
    """Have the trainer make each of its components once, from the study's hyperparameters.

    The last one is the MLflow logger, which is not the trainer's.

    Args:
        config: the study.
        trainer: the command that trains.

    Raises:
        BadInputError: one can't be made, or the trainer lacks one.
    """
    require_sinks(config.sinks)
    made = {component.name: component for component in _parsed(_answer(config, trainer))}
    missing = [name for name in CRITICAL if name not in made]
    if missing:
        raise BadInputError(
            f"the trainer has no {' and no '.join(missing)}: it is of another version than "
            "smart-tuner; install both from one place"
        )
    trainers = tuple(_with_searched(component, config) for component in made.values())
    return (*trainers, _mlflow_logger(config))


def summary(components: Sequence[Component]) -> str:
    """One line: which are on, and which are off."""
    on = ", ".join(component.name for component in components if component.on)
    off = ", ".join(component.name for component in components if not component.on)
    return f"components on: {on or 'none'}; off: {off or 'none'}"


def _mlflow_logger(config: StudyConfig) -> Component:
    section = config.mlflow
    return Component(
        MLFLOW_LOGGER,
        on=config.sinks.mlflow,
        room="smart_tuner.sinks.mlflow_target:MlflowTarget",
        settings={
            "sinks.mlflow": config.sinks.mlflow,
            "mlflow.tracking_uri": section.safe_uri,
            "mlflow.experiment": section.experiment,
            "mlflow.ui": section.pages,
        },
    )


def _answer(config: StudyConfig, trainer: Sequence[str]) -> str:
    """What the trainer prints; in a session of its own, where no Ctrl-C of ours reaches it."""
    with tempfile.TemporaryDirectory() as folder:
        hparams = Path(folder) / "hparams.yaml"
        values = config.hparams().model_dump(mode="json")
        hparams.write_text(yaml.safe_dump(values), encoding="utf-8")
        arguments = ["--json", "--preset", config.trainer.preset, "--hparams-file", str(hparams)]
        try:
            done = subprocess.run(
                [*trainer, "components", *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=_TIMEOUT_SECONDS,
                check=False,
                start_new_session=True,
                env=trainer_environment(os.environ, config.trainer.threads),
            )
        except subprocess.TimeoutExpired:
            raise BadInputError(
                f"the trainer did not assemble its components within {_TIMEOUT_SECONDS:.0f} s: "
                "try again on a machine that is less busy"
            ) from None
    if done.returncode != TrainerExit.FINISHED:
        raise BadInputError(_complaint(done.returncode, done.stderr))
    return done.stdout


def _complaint(exit_code: int, said: str) -> str:
    """Bad input in the trainer's own words, else the last of them, with where they come from."""
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "").strip()
    if exit_code == TrainerExit.BAD_INPUT:
        return last.removeprefix("error: ")
    return (
        f"the trainer can't assemble its components (exit code {exit_code}): "
        f"{last or 'it said nothing'}; 'python -m trainer components' shows more"
    )


def _parsed(answer: str) -> tuple[Component, ...]:
    try:
        return _COMPONENTS.validate_json(answer)
    except ValidationError:
        raise BadInputError(
            f"the trainer answers {answer[:60]!r} instead of its components: it is of another "
            "version than smart-tuner; install both from one place"
        ) from None


def _with_searched(component: Component, config: StudyConfig) -> Component:
    return replace(component, searched=tuple(n for n in component.settings if n in config.space))
