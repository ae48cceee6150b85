"""The stability kit: clip, watch, adapt, rescue. Decisions only; the training loop acts on them."""

from trainer.stability.clipper import GradientClipper, gradient_norm
from trainer.stability.lr_adapter import Adaptation, Cause, LearningRateAdapter
from trainer.stability.monitor import GradientMonitor, Level, Observation
from trainer.stability.rescue import Rescue

__all__ = [
    "Adaptation",
    "Cause",
    "GradientClipper",
    "GradientMonitor",
    "LearningRateAdapter",
    "Level",
    "Observation",
    "Rescue",
    "gradient_norm",
]
