"""The section ``sampler``: how the next trial's hyperparameters are chosen."""

from typing import Annotated, Literal

from pydantic import Field

from smart_tuner.config.section import Section


class TpeSection(Section):
    """Tree-structured Parzen estimator: multivariate, and mindful of running trials."""

    kind: Literal["tpe"]
    n_startup_trials: int = Field(5, ge=0)
    """Random trials before the estimator."""
    n_ei_candidates: int = Field(24, ge=1)


class CmaesSection(Section):
    """CMA-ES; categorical parameters are drawn at random. Needs the extra ``cmaes``."""

    kind: Literal["cmaes"]
    n_startup_trials: int = Field(1, ge=0)
    popsize: int | None = Field(None, ge=4)
    """Trials a generation (its better half must be several); ``None``: 4 + 3·ln(parameters)."""


class RandomSection(Section):
    """Every trial anew, without regard to the others."""

    kind: Literal["random"]


class GpSection(Section):
    """Gaussian process. Needs the extra ``gp``: it loads torch into the controller."""

    kind: Literal["gp"]
    n_startup_trials: int = Field(5, ge=0)


SamplerSection = Annotated[
    TpeSection | CmaesSection | RandomSection | GpSection, Field(discriminator="kind")
]
"""Any of the samplers, by ``kind``."""
