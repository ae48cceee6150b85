"""Whether the validation loss still falls."""

import math
from dataclasses import dataclass

from smart_tuner.health.history import History
from smart_tuner.health.thresholds import PlateauThresholds


@dataclass(frozen=True)
class Plateau:
    """The best ``validation.loss`` so far, and how long it has been the best."""

    best: float
    best_step: int
    steps: int
    evaluations: int


def plateau(history: History, thresholds: PlateauThresholds) -> Plateau | None:
    """The plateau that the newest evaluation is on, or ``None``.

    Only a loss that falls by the share ``improvement`` makes the wait begin anew; one that is not
    finite never does.
    """
    best, best_step, waited = math.inf, 0, 0
    for seen in history.evaluations:
        loss = seen.metrics.get("validation.loss", math.nan)
        if math.isfinite(loss) and (
            math.isinf(best) or loss < best - thresholds.improvement * abs(best)
        ):
            best, best_step, waited = loss, seen.step, 0
        else:
            waited += 1
    steps = history.newest_step - best_step
    if math.isinf(best) or steps < thresholds.steps or waited < thresholds.evaluations:
        return None
    return Plateau(best, best_step, steps, waited)
