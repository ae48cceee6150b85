"""The configuration of a study: everything in ``study.yaml``, typed and frozen."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from smart_tuner.config.checks import checked_probes, checked_space
from smart_tuner.config.governed import governed_hparams
from smart_tuner.config.mlflow_section import MlflowSection, tracking_uri_of
from smart_tuner.config.parameters import CategoricalParameter, Parameter
from smart_tuner.config.pruner_section import PrunerSection
from smart_tuner.config.resolve import with_defaults
from smart_tuner.config.sampler_section import SamplerSection
from smart_tuner.config.sections import (
    RetentionSection,
    SinksSection,
    StorageSection,
    StudySection,
    TrainerSection,
)
from smart_tuner.health.grace import grace_steps
from smart_tuner.health.settings import HealthSection
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_hparams

_DIAGNOSTICS = "alignment_diagnostics"
Direction = Literal["maximize", "minimize"]


class StudyConfig(BaseSettings):
    """A study, complete: what the arguments leave out comes from the environment, then defaults.

    ``StudyConfig()`` is the embedded demo study. Sections are given as mappings, partial ones
    too: ``StudyConfig(corpus="speech", study={"trials": 8})``. Variables of the environment are
    named as in ``SMART_TUNER_STORAGE__URL``. Wrong values raise pydantic's ``ValidationError``;
    :func:`smart_tuner.config.load_config` turns that into one line.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix="SMART_TUNER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    study: StudySection
    corpus: Path | None = None
    """``None``: the demo corpus."""
    trainer: TrainerSection
    space: dict[str, Parameter]
    sampler: SamplerSection
    pruner: PrunerSection
    health: HealthSection = HealthSection()
    storage: StorageSection = StorageSection()
    retention: RetentionSection = RetentionSection()
    sinks: SinksSection = SinksSection()
    mlflow: MlflowSection = MlflowSection()
    probes: tuple[dict[str, Any], ...] = ()
    """Declared beforehand, run beside the trials, left out of ``best`` and of the sampler."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment; no ``.env`` files, no secret folders."""
        mlflows = InitSettingsSource(settings_cls, tracking_uri_of(os.environ))
        return init_settings, env_settings, mlflows

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        return with_defaults(values) if isinstance(values, Mapping) else values

    @field_validator("space")
    @classmethod
    def _searchable(cls, value: dict[str, Parameter], info: ValidationInfo) -> dict[str, Parameter]:
        trainer = info.data.get("trainer")
        return value if trainer is None else checked_space(value, trainer)

    @field_validator("probes")
    @classmethod
    def _legal(cls, value: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        trainer = info.data.get("trainer")
        return value if trainer is None else checked_probes(value, trainer)

    @model_validator(mode="after")
    def _several_objectives(self) -> Self:
        if len(self.study.objective) == 1:
            return self
        if self.pruner.kind != "none":
            raise ValueError(
                f"pruner.kind={self.pruner.kind} needs a single objective: "
                "choose pruner.kind=none, or one of study.objective"
            )
        if self.sampler.kind == "cmaes":
            raise ValueError(
                "sampler.kind=cmaes needs a single objective: "
                "choose sampler.kind=tpe, or one of study.objective"
            )
        return self

    @model_validator(mode="after")
    def _hparams_go_together(self) -> Self:
        """Of the first trial and the probes; what the space mixes is seen when it is drawn."""
        for params in ({}, *self.probes):
            try:
                self.hparams(params)
            except BadInputError as error:
                raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _quality_can_be_told(self) -> Self:
        searched = self.space.get(_DIAGNOSTICS)
        switches = [self.hparams(params).alignment_diagnostics for params in ({}, *self.probes)]
        if isinstance(searched, CategoricalParameter):
            switches += searched.choices
        if "quality" in self.study.objective and not all(switches):
            raise ValueError(
                f"study.objective=quality needs the alignment scores: leave {_DIAGNOSTICS} true, "
                "or choose study.objective=val_loss"
            )
        return self

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Of each objective: ``quality`` is maximised, the others are minimised."""
        return tuple(
            "maximize" if objective == "quality" else "minimize"
            for objective in self.study.objective
        )

    def hparams(self, params: Mapping[str, Any] | None = None) -> HParams:
        """A trial's hyperparameters: the preset, then the fixed ones, then ``params``.

        What ``study.rescue`` and ``health.gradient_explosion`` say of the trainer is among them.

        Raises:
            BadInputError: the values don't go together.
        """
        base = self.trainer.base_hparams()
        governed = governed_hparams(self.study.rescue, self.health.gradient_explosion, base)
        return parse_hparams({**governed, **self.trainer.hparams, **(params or {})}, base)

    def grace_steps(self, hparams: HParams) -> int:
        """The grace period of a trial with ``hparams``: as configured, else by METRICS."""
        if self.health.grace_steps is not None:
            return self.health.grace_steps
        return grace_steps(
            hparams,
            preset=self.trainer.preset,
            steps=self.trainer.steps,
            warm_start=self.trainer.warm_start is not None,
        )

    def record(self) -> dict[str, Any]:
        """JSON-ready, to be stored with the study; without the URLs, which are secrets."""
        return self.model_dump(mode="json", exclude={"storage": True, "mlflow": {"tracking_uri"}})
