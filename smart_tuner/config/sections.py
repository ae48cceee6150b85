"""The plain sections of ``study.yaml``: study, trainer, storage and sinks."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_serializer,
    field_validator,
)
from pydantic_settings import NoDecode

from smart_tuner.config.durations import NO_LIMIT, Duration
from smart_tuner.config.governed import refuse_governed
from smart_tuner.config.jobs import Jobs
from smart_tuner.config.names import check_study_name
from smart_tuner.config.section import Section
from storage.default_url import DEFAULT_URL
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, PresetName, parse_hparams

Objective = Literal["quality", "val_loss", "mcd"]
"""What a study optimises (METRICS); ``quality`` upwards, the others downwards."""


def _one_or_several(value: Any) -> Any:
    """``quality``, ``quality, mcd``, ``[quality, mcd]`` and, of a variable, JSON alike."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",")]


class StudySection(Section):
    """What is searched for, how long, and under which name."""

    name: str
    objective: Annotated[
        tuple[Objective, ...], NoDecode, BeforeValidator(_one_or_several), Field(min_length=1)
    ] = ("quality",)
    trials: int = Field(ge=1)
    """How many trials the study runs in all, over every start; probes come on top."""
    timeout: Duration = None
    """Seconds after which no trial starts and running ones stop with a checkpoint, as asked."""
    budget: Duration = None
    """Seconds that trainers may run in all, each times its GPUs, over every attempt and start."""
    finish: float = Field(0.4, ge=0, lt=1)
    """The share of ``budget`` that is kept for going on with the best trial."""
    jobs: Jobs
    """Trials at once; ``auto``: what the machine has room for."""
    seed: int = Field(1, ge=0, lt=2**32)
    rescue: bool = False
    """Whether trials that explode are taken back to a good checkpoint with a lower rate."""
    max_retries: int = Field(2, ge=0, le=100)
    """How often a trial whose trainer died is resumed from its last checkpoint."""
    stall_timeout: Duration = 600.0
    """Seconds without an event after which a trainer counts as stalled; ``None``: never."""

    @field_serializer("stall_timeout", when_used="json")
    def _said(self, value: float | None) -> float | str:
        """A record says what was said: null would be the default again."""
        return NO_LIMIT if value is None else value

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        return check_study_name(value)

    @field_validator("objective")
    @classmethod
    def _distinct(cls, value: tuple[Objective, ...]) -> tuple[Objective, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{', '.join(value)}: name each objective once")
        return value


class TrainerSection(Section):
    """What every trial has in common."""

    preset: PresetName
    steps: int = Field(ge=1)
    """Optimiser steps a trial."""
    evaluate_every: int = Field(ge=1)
    """Steps between evaluations; the pruner and the health rules look at each."""
    threads: int = Field(1, ge=1, le=1024)
    """CPU threads a trial."""
    hparams: dict[str, Any] = Field(default_factory=dict)
    """Fixed hyperparameters on top of the preset."""
    warm_start: Path | None = None
    """A checkpoint whose weights every trial begins with; ``None``: at random."""
    ignore_layers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_one_or_several)] = ()
    """Tensors that ``warm_start`` leaves out, by name or prefix."""

    @field_validator("evaluate_every")
    @classmethod
    def _within_the_run(cls, value: int, info: ValidationInfo) -> int:
        steps = info.data.get("steps")
        if steps is not None and value > steps:
            raise ValueError(f"{value} exceeds trainer.steps={steps}: no trial would be evaluated")
        return value

    @field_validator("hparams")
    @classmethod
    def _are_hparams(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """The values as :class:`HParams` has them, so that 1e-3 and 0.001 are one."""
        if "preset" not in info.data:
            return value
        return typed_hparams(value, HParams.preset(info.data["preset"]))

    @field_validator("ignore_layers")
    @classmethod
    def _of_a_warm_start(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        names = tuple(name.strip() for name in value if name.strip())
        at_random = "warm_start" in info.data and info.data["warm_start"] is None
        if names and at_random:
            raise ValueError(
                "there is nothing to ignore without trainer.warm_start: name a checkpoint there, "
                "or leave this out"
            )
        return names

    def base_hparams(self) -> HParams:
        """The preset with the fixed hyperparameters."""
        return parse_hparams(self.hparams, HParams.preset(self.preset))


class StorageSection(Section):
    """Where the study is kept."""

    url: SecretStr = SecretStr(DEFAULT_URL)
    """Any SQLAlchemy URL that Optuna takes; it may hold a password, hence never shown."""


Samples = Literal["all", "best", "last"]
"""Which samples of an ended trial stay; ``last``: the best evaluation's and the last one's."""


class RetentionSection(Section):
    """What of ended trials stays on the disk."""

    best_trials: int | None = Field(None, ge=1)
    """Of how many, the best ones, the checkpoints stay; ``None``: of all."""
    samples: Samples = "all"


class SinksSection(Section):
    """Who is told while the study runs."""

    console: bool = True
    """The terminal."""
    mlflow: bool = True
    """Runs, metrics and files in MLflow, as the section ``mlflow`` says."""
    tensorboard: bool = False
    """Scalars for TensorBoard, beside each run's events."""


def typed_hparams(values: dict[str, Any], base: HParams) -> dict[str, Any]:
    """``values`` as the fields of :class:`HParams`; ``ValueError`` names a bad one."""
    refuse_governed(values)
    try:
        parsed = parse_hparams(values, base)
    except BadInputError as error:
        raise ValueError(str(error)) from None
    return {name: getattr(parsed, name) for name in values}
