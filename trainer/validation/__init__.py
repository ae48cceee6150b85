"""Validation on the fixed held-out set: every score of METRICS."""

from trainer.validation.evaluate import Result, evaluate
from trainer.validation.held_out import HeldOut

__all__ = ["HeldOut", "Result", "evaluate"]
