"""Hyperparameters of the stability kit (METRICS, "Rules and thresholds")."""

from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section


class StabilityHParams(Section):
    """Each component has its switch; steps are optimiser steps."""

    grad_clip: Literal["none", "norm", "adaptive"] = "norm"
    """``norm``: at ``grad_clip_thresh``; ``adaptive``: at a percentile of the norms so far."""
    grad_clip_thresh: float = Field(1.0, gt=0.0, le=1e6)
    grad_clip_percentile: float = Field(90.0, gt=0.0, le=100.0)
    grad_clip_history: int = Field(200, ge=10, le=100_000)
    """Steps that the percentile looks back on; until there are ten, ``grad_clip_thresh``."""
    gradient_monitor: bool = True
    grad_norm_warning: float = Field(10.0, gt=0.0)
    grad_norm_critical: float = Field(100.0, gt=0.0)
    grad_norm_settle_steps: int = Field(200, ge=0)
    """Before this step high norms are normal, and no warning is given."""
    explosion_steps: int = Field(5, ge=1, le=200)
    """An explosion is so many norms above ``grad_norm_critical`` ..."""
    explosion_window: int = Field(20, ge=1, le=200)
    """... within so many steps."""
    lr_adapter: bool = True
    lr_adapter_factor: float = Field(0.5, gt=0.0, lt=1.0)
    """What one lowering multiplies the learning rate by."""
    lr_adapter_floor: float = Field(0.01, gt=0.0, le=1.0)
    """The least share of the schedule's rate."""
    lr_plateau_steps: int = Field(1000, ge=1)
    """A plateau: validation loss not improved for so many steps ..."""
    lr_plateau_evaluations: int = Field(10, ge=1)
    """... and so many evaluations."""
    lr_plateau_improvement: float = Field(0.001, ge=0.0, lt=1.0)
    """The share by which the loss must fall to count as improved."""
    lr_recovery_steps: int = Field(500, ge=1)
    """Calm steps after which a lowering for instability is taken back by one stage."""
    rescue: bool = True
    """On divergence: back to the last good checkpoint, with a lower learning rate."""
    max_restarts: int = Field(3, ge=0, le=100)
    """Rescues in a row before the run leaves as diverged."""
    rescue_factor: float = Field(0.5, gt=0.0, lt=1.0)
    """What one rescue multiplies the learning rate by."""
    debug_report: bool = True
    alignment_diagnostics: bool = True
    """Whether validations score the attention; ``quality`` needs it."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.grad_norm_warning > self.grad_norm_critical:
            raise ValueError(
                f"grad_norm_warning={self.grad_norm_warning:g} must not exceed "
                f"grad_norm_critical={self.grad_norm_critical:g}: lower grad_norm_warning as well, "
                "or raise grad_norm_critical"
            )
        if self.explosion_steps > self.explosion_window:
            raise ValueError(
                f"explosion_steps={self.explosion_steps} must not exceed "
                f"explosion_window={self.explosion_window}"
            )
        return self
