"""How a trial stands, in one word (METRICS, "Status")."""

from enum import StrEnum

from smart_tuner.health.history import History
from smart_tuner.health.reasons import Reason

_GRAVE = {
    Reason.GRADIENT_EXPLOSION,
    Reason.NON_FINITE,
    Reason.NEVER_ALIGNED,
    Reason.ALIGNMENT_LOST,
}
_SETTLED_STEP = 200
"""Gradient norms of 10 to 25 are normal before it."""
_STOP_FAULTS = 0.2


class Level(StrEnum):
    """Stable identifiers; each reader shows them in its own language."""

    STABLE = "STABLE"
    NEEDS_ATTENTION = "NEEDS ATTENTION"
    CRITICAL = "CRITICAL"


def level_of(history: History, grace_steps: int, reason: Reason | None = None) -> Level:
    """The level of a trial's last known state.

    Args:
        history: what its events said.
        grace_steps: before which alignment says nothing.
        reason: why it ended early, if it did.
    """
    if reason in _GRAVE or _is_critical(history, grace_steps):
        return Level.CRITICAL
    if _needs_attention(history, grace_steps):
        return Level.NEEDS_ATTENTION
    return Level.STABLE


def _is_critical(history: History, grace_steps: int) -> bool:
    aligned = _settled_metrics(history, grace_steps)
    return (
        _restarts_are_used_up(history)
        or _settled_norm(history) > 100.0
        or aligned.get("alignment.overall_score", 1.0) < 0.2
        or aligned.get("alignment.diagonal_score", 1.0) < 0.1
    )


def _restarts_are_used_up(history: History) -> bool:
    """As many restarts in a row as the trainer may make."""
    return history.rescue and history.restarts.in_a_row >= max(1, history.max_restarts)


def _needs_attention(history: History, grace_steps: int) -> bool:
    aligned = _settled_metrics(history, grace_steps)
    return (
        _settled_norm(history) > 10.0
        or aligned.get("alignment.overall_score", 1.0) < 0.3
        or aligned.get("gate.early_rate", 0.0) > _STOP_FAULTS
        or aligned.get("gate.missed_rate", 0.0) > _STOP_FAULTS
    )


def _settled_norm(history: History) -> float:
    """The newest gradient norm, 0 before it says anything."""
    if not history.steps or history.steps[-1].step < _SETTLED_STEP:
        return 0.0
    return history.steps[-1].gradient_norm or 0.0


def _settled_metrics(history: History, grace_steps: int) -> dict[str, float]:
    """The newest evaluation's metrics, nothing before the grace period is over."""
    if not history.evaluations or history.evaluations[-1].step <= grace_steps:
        return {}
    return dict(history.evaluations[-1].metrics)
