"""The section ``pruner``: when a trial is worse than its peers (health rules are apart)."""

from typing import Annotated, Literal

from pydantic import Field

from smart_tuner.config.section import Section


class MedianSection(Section):
    """Stops what is worse than the median of completed trials at the same step."""

    kind: Literal["median"]
    n_startup_trials: int = Field(5, ge=0)
    """Completed trials before any is pruned."""
    n_warmup_steps: int | None = Field(None, ge=0)
    """Steps of a trial before it may be pruned; ``None``: twice the grace period."""


class HyperbandSection(Section):
    """Successive halving with several starting rungs; wants about 10 trials a bracket."""

    kind: Literal["hyperband"]
    min_resource: int | None = Field(None, ge=1)
    """Steps to the lowest rung; ``None``: the grace period."""
    reduction_factor: int = Field(3, ge=2)


class SuccessiveHalvingSection(Section):
    """At each rung only the best share goes on; rungs lie a constant factor apart."""

    kind: Literal["successive_halving"]
    min_resource: int | None = Field(None, ge=1)
    """Steps to the first rung; ``None``: the grace period."""
    reduction_factor: int = Field(3, ge=2)
    min_early_stopping_rate: int = Field(0, ge=0)


class PatientSection(Section):
    """The median pruner, asked only about trials that have stopped getting better."""

    kind: Literal["patient"]
    patience: int = Field(3, ge=0)
    """Evaluations without improvement that are borne."""
    min_delta: float = Field(0.0, ge=0.0)
    """What counts as improvement."""
    n_startup_trials: int = Field(5, ge=0)
    n_warmup_steps: int | None = Field(None, ge=0)


class NoPrunerSection(Section):
    """Every trial that stays healthy runs to its end."""

    kind: Literal["none"]


PrunerSection = Annotated[
    MedianSection | HyperbandSection | SuccessiveHalvingSection | PatientSection | NoPrunerSection,
    Field(discriminator="kind"),
]
"""Any of the pruners, by ``kind``."""
