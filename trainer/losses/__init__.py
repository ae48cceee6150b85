"""The losses of training, each defined as METRICS defines it (``docs/metrics.md``)."""

from trainer.losses.gate import gate_loss
from trainer.losses.guided_attention import guided_attention_loss
from trainer.losses.taco import taco_loss
from trainer.losses.total import LossTerms, training_loss

__all__ = ["LossTerms", "gate_loss", "guided_attention_loss", "taco_loss", "training_loss"]
