"""What decided on a trial, in words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dashboards.words import CAUSES, evidence_text


class Evidence(NamedTuple):
    """Each part is plain text, empty where there is none."""

    values: str
    """``gradient.norm 512, threshold 100``."""
    cause: str
    """What most likely lies behind it."""
    message: str
    """What the trainer, or whoever refused the trial, has said: any text."""


def evidence_of(stored: Mapping[str, Any]) -> Evidence:
    """The parts of a trial's evidence."""
    values = dict(stored)
    cause, message = values.pop("cause", None), values.pop("message", None)
    return Evidence(
        values=evidence_text(values),
        cause=CAUSES.get(str(cause), str(cause)) if cause else "",
        message=" ".join(str(message).split()) if message else "",
    )
