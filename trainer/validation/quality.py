"""The quality score: one number for how well a model speaks (``docs/metrics.md``)."""

import math
from collections.abc import Mapping


def quality_score(metrics: Mapping[str, float], phi: float, n_held_out: int) -> float:
    """``0.2·b + 0.8·√b·σ·ρ`` in [0, 1].

    Args:
        metrics: METRICS names: alignment, gate, success and retrieval.
        phi: closeness of the free-running mel to the recording, in [0, 1].
        n_held_out: the number of held-out sentences; retrieval by chance is its inverse.
    """
    chance = 1.0 / n_held_out
    rho = _clip((metrics["free_run.retrieval_rate"] - chance) / (1.0 - chance))
    sigma = metrics["free_run.success_rate"]
    gamma = _clip(1.0 - metrics["gate.early_rate"] - metrics["gate.missed_rate"])
    b = (metrics["alignment.overall_score"] + gamma + phi) / 3.0
    return 0.2 * b + 0.8 * math.sqrt(b) * sigma * rho


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
