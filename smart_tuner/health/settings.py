"""The ``health`` section of ``study.yaml``: the rules that prune, and what a status means."""

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from smart_tuner.health.thresholds import StatusThresholds, SuccessThresholds
from trainer.hparams.section import Section


class Rule(Section):
    """A rule that can be switched off: ``{enabled: false}``, or just ``false``."""

    model_config = ConfigDict(allow_inf_nan=False)

    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class GradientExplosionRule(Rule):
    """Gradient norm (before clipping) above ``norm`` on ``steps`` of ``window`` steps."""

    norm: float = Field(100.0, gt=0.0)
    steps: int = Field(5, ge=1)
    window: int = Field(20, ge=1, le=200)

    @model_validator(mode="after")
    def _fits(self) -> "GradientExplosionRule":
        if self.steps > self.window:
            raise ValueError(f"steps={self.steps} must not exceed window={self.window}")
        return self


class NonFiniteRule(Rule):
    """A loss or a gradient norm that is NaN or infinite."""


class NeverAlignedRule(Rule):
    """Ratios are of ``validation.mel_l1`` to that of the training mels' per-bin mean.

    After grace: the ratio above ``mel_l1_ratio``; or the diagonal score below ``diagonal_score``
    with the ratio above ``mel_l1_ratio_off_diagonal``. After twice the grace: the diagonal score
    below ``diagonal_score`` alone.
    """

    mel_l1_ratio: float = Field(0.9, gt=0.0)
    diagonal_score: float = Field(0.3, ge=0.0, le=1.0)
    mel_l1_ratio_off_diagonal: float = Field(0.76, gt=0.0)


class AlignmentLostRule(Rule):
    """The best overall score reached ``best``, then ``evaluations`` running lie under ``share``."""

    best: float = Field(0.5, ge=0.0, le=1.0)
    share: float = Field(0.5, gt=0.0, lt=1.0)
    evaluations: int = Field(3, ge=1)


class HealthSection(Section):
    """Defaults are those of METRICS, "Rules and thresholds", "Status" and "Success"."""

    grace_steps: int | None = Field(None, ge=0)
    """Steps before any rule on loss or alignment; ``None``: by size, batch and reduction factor."""
    gradient_explosion: GradientExplosionRule = GradientExplosionRule()
    non_finite: NonFiniteRule = NonFiniteRule()
    never_aligned: NeverAlignedRule = NeverAlignedRule()
    alignment_lost: AlignmentLostRule = AlignmentLostRule()
    status: StatusThresholds = StatusThresholds()
    success: SuccessThresholds = SuccessThresholds()
