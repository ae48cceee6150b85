"""The debug reporter: when training goes wrong, one folder that shows how."""

from trainer.debug_report.evidence import (
    BatchUtterance,
    Evidence,
    Sample,
    batch_samples,
    batch_utterances,
    layer_norms,
)
from trainer.debug_report.report import write_debug_report

__all__ = [
    "BatchUtterance",
    "Evidence",
    "Sample",
    "batch_samples",
    "batch_utterances",
    "layer_norms",
    "write_debug_report",
]
