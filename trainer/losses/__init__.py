"""The losses of training, each defined as METRICS defines it (``docs/metrics.md``)."""

from trainer.losses.adaptive_factor import adaptive_factor, shared_parameters
from trainer.losses.ctc import ctc_loss
from trainer.losses.double_decoder import consistency_loss
from trainer.losses.gate import gate_loss
from trainer.losses.guided_attention import guide_weight, guided_attention_loss
from trainer.losses.pool import Pool
from trainer.losses.style import style_loss
from trainer.losses.taco import taco_loss
from trainer.losses.total import LossTerms, training_loss

__all__ = [
    "LossTerms", "Pool", "adaptive_factor", "consistency_loss", "ctc_loss", "gate_loss",
    "guide_weight", "guided_attention_loss", "shared_parameters", "style_loss", "taco_loss",
    "training_loss",
]  # fmt: skip
