"""What a health rule decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smart_tuner.health.reasons import Cause, Reason


@dataclass(frozen=True)
class Verdict:
    """Prune this trial: the reason, the step, and what decided: values by metric name, or who."""

    reason: Reason
    step: int
    evidence: Mapping[str, Any]
    cause: Cause | None = None
    """What most likely lies behind it, where the numbers tell."""

    def record(self) -> dict[str, Any]:
        """The evidence to store: its values, and ``cause`` where one is known."""
        return {**self.evidence, **({"cause": str(self.cause)} if self.cause else {})}
