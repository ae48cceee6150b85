"""Thresholds of the status and of the success of a training; they prune nothing."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from trainer.hparams.section import Section


class _Thresholds(Section):
    model_config = ConfigDict(allow_inf_nan=False)


class PlateauThresholds(_Thresholds):
    """The best ``validation.loss`` not improved by a share for so many steps and evaluations."""

    improvement: float = Field(0.001, ge=0.0, lt=1.0)
    steps: int = Field(1000, ge=1)
    evaluations: int = Field(10, ge=1)


class StatusThresholds(_Thresholds):
    """When a trial needs attention, and when it is critical; scores count after the grace."""

    gradient_norm_warning: float = Field(10.0, gt=0.0)
    gradient_norm_critical: float = Field(100.0, gt=0.0)
    gradient_norm_window: int = Field(20, ge=1, le=200)
    """A norm above either is told for so many steps, so that one in between calms nobody."""
    settled_step: int = Field(200, ge=0)
    """Before it norms of 10 to 25 are normal, and none is told."""
    overall_score_warning: float = Field(0.3, ge=0.0, le=1.0)
    overall_score_critical: float = Field(0.2, ge=0.0, le=1.0)
    diagonal_score_critical: float = Field(0.1, ge=0.0, le=1.0)
    wrong_stops: float = Field(0.2, ge=0.0, le=1.0)
    """Share of sentences that stop early, or that don't stop."""
    plateau: PlateauThresholds = PlateauThresholds()
    resumed_attempts: int = Field(1, ge=1)
    """Attempts after a trial's first one."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        norms = self.gradient_norm_warning, self.gradient_norm_critical
        scores = self.overall_score_critical, self.overall_score_warning
        for name, (low, high) in (("gradient_norm", norms), ("overall_score", scores)):
            if low > high:
                raise ValueError(
                    f"{name}_warning={getattr(self, f'{name}_warning'):g} must come before "
                    f"{name}_critical={getattr(self, f'{name}_critical'):g}: move one of them"
                )
        return self


class SuccessThresholds(_Thresholds):
    """What a successful training has."""

    gradient_norm: float = Field(10.0, gt=0.0)
    """The median of the last 200 steps lies under it."""
    diagonal_score: float = Field(0.7, ge=0.0, le=1.0)
    validation_loss: float = Field(1.0, gt=0.0)
    quality: float = Field(0.8, ge=0.0, le=1.0)
