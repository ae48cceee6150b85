"""Hyperparameters of the losses (METRICS); a weight of 0 switches a term off."""

from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section


class LossHParams(Section):
    """Weights, shapes and schedules of the terms."""

    taco_loss_weight: float = Field(0.4, ge=0.0, le=100.0)
    gate_loss_weight: float = Field(0.3, ge=0.0, le=100.0)
    gate_positive_weight: float = Field(5.0, ge=0.1, le=100.0)
    """The weight of the one positive step against the many negative ones."""
    guide_loss_weight: float = Field(2.5, ge=0.0, le=100.0)
    guide_kind: Literal["tachibana", "kl"] = "tachibana"
    guide_g: float = Field(0.4, gt=0.0, le=2.0)
    guide_decay_start: int | None = Field(None, ge=0)
    """From this step on the weight falls linearly, to 0 at ``guide_stop_step``."""
    guide_stop_step: int | None = Field(None, ge=1)
    """From this step on guided attention is off."""
    atten_loss_weight: float = Field(0.3, ge=0.0, le=100.0)
    """Of double decoder consistency as a whole (``use_ddc``)."""
    ddc_weight: float = Field(1.0, ge=0.0, le=100.0)
    ddc_coarse_weight: float = Field(1.0, ge=0.0, le=100.0)
    mmi_loss_weight: float = Field(1.0, ge=0.0, le=100.0)
    emb_loss_weight: float = Field(1.0, ge=0.0, le=100.0)
    """Of the text-predicted style (``use_gst``)."""

    @model_validator(mode="after")
    def _decay_has_an_end(self) -> Self:
        start, stop = self.guide_decay_start, self.guide_stop_step
        if start is not None and (stop is None or stop <= start):
            given = "none is set" if stop is None else f"it is {stop}"
            raise ValueError(
                f"guide_decay_start={start} needs a later guide_stop_step, at which the weight is "
                f"0 ({given}): set guide_stop_step above {start}, or leave guide_decay_start out"
            )
        return self
