"""What a trainer says of itself between two evaluations, worth keeping: warnings and repairs."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.events import (
    DebugReport,
    Gradient,
    LearningRateAdapted,
    Rescued,
    Warned,
)

Incident = Gradient | LearningRateAdapted | Rescued | DebugReport | Warned
INCIDENTS = (Gradient, LearningRateAdapted, Rescued, DebugReport, Warned)
"""The same, for ``isinstance``."""


def payload(incident: Incident, run: Path) -> dict[str, Any]:
    """What of ``incident`` is kept, beside its kind and step; ``run`` is the run directory."""
    fields = {k: v for k, v in asdict(incident).items() if k not in ("step", "time")}
    if isinstance(incident, DebugReport):
        fields["path"] = str((run / incident.path).resolve())
    return fields


def line(incident: Incident, run: Path) -> str | None:
    """One line for whoever watches the study; None where it would only distract."""
    match incident:
        case Gradient(level="critical"):
            return f"gradient norm {incident.norm:.4g}, above {incident.threshold:g}"
        case LearningRateAdapted(cause=cause) if cause != "rescue":
            return f"learning rate x {incident.factor:.3g} ({cause})"
        case Rescued():
            return (
                f"{incident.cause}: back to step {incident.to_step}, "
                f"learning rate x {incident.factor:.3g} (restart {incident.restarts} in a row)"
            )
        case DebugReport():
            return f"{incident.cause}: see {run / incident.path}"
        case Warned() if incident.step > 0:  # before it, of the corpus: the study has said that
            return f"warning: {incident.message}"
        case _:
            return None
