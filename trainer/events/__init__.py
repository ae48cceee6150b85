"""The event vocabulary: what a trainer tells its watcher, one flushed JSON line an event.

Standard library only: the trainer writes with this package and the controller reads with it. The
format is documented in ``docs/events.md``.
"""

from trainer.events.files import EventReader, EventWriter
from trainer.events.kinds import (
    Checkpoint,
    DebugReport,
    Diverged,
    Ended,
    Estimate,
    Evaluation,
    Event,
    Gradient,
    Header,
    LearningRateAdapted,
    Preparing,
    Rescued,
    Started,
    Step,
    Warned,
)
from trainer.events.lines import VERSION, EventFormatError, decode, encode

__all__ = [
    "VERSION",
    "Checkpoint",
    "DebugReport",
    "Diverged",
    "Ended",
    "Estimate",
    "Evaluation",
    "Event",
    "EventFormatError",
    "EventReader",
    "EventWriter",
    "Gradient",
    "Header",
    "LearningRateAdapted",
    "Preparing",
    "Rescued",
    "Started",
    "Step",
    "Warned",
    "decode",
    "encode",
]
