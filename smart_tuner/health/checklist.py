"""What a successful training has, and whether this one has it (METRICS, "Success")."""

import statistics

from smart_tuner.health.codes import CheckCode
from smart_tuner.health.history import History
from smart_tuner.health.settings import HealthSection
from storage.assessment import Check


def checklist(history: History, settings: HealthSection) -> tuple[Check, ...]:
    """Every condition; the scores are those of the best evaluation, which ``best.pt`` holds."""
    wanted = settings.success
    scores = history.best_evaluation.metrics if history.best_evaluation else {}
    diagonal, quality = scores.get("alignment.diagonal_score"), scores.get("quality")
    norm, loss = _median_norm(history, settings), scores.get("validation.loss")
    return (
        _under(CheckCode.CALM_GRADIENT, norm, wanted.gradient_norm),
        _over(CheckCode.DIAGONAL_ATTENTION, diagonal, wanted.diagonal_score),
        _under(CheckCode.LOW_LOSS, loss, wanted.validation_loss),
        _over(CheckCode.GOOD_QUALITY, quality, wanted.quality),
        _no_restart_at_zero(history),
    )


def _median_norm(history: History, settings: HealthSection) -> float | None:
    """Of the steps that are remembered (the last 200); ``None`` before norms have settled."""
    norms = [seen.gradient_norm for seen in history.steps if seen.gradient_norm is not None]
    if not norms or history.newest_step < settings.status.settled_step:
        return None
    return statistics.median(norms)


def _no_restart_at_zero(history: History) -> Check:
    if not history.starts:
        return Check(CheckCode.NO_RESTART_AT_ZERO, None, None, 0.0)
    times = history.restarts_at_zero
    return Check(CheckCode.NO_RESTART_AT_ZERO, times == 0, float(times), 0.0)


def _under(code: CheckCode, value: float | None, threshold: float) -> Check:
    return Check(code, None if value is None else value < threshold, value, threshold)


def _over(code: CheckCode, value: float | None, threshold: float) -> Check:
    return Check(code, None if value is None else value > threshold, value, threshold)
