"""Red flags (METRICS, "Status"): what of a trial's newest numbers is wrong, and how grave that is.

Each check is a pure function of the history. Nothing here prunes: that is :mod:`.judge`'s.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from smart_tuner.health.alignment import alignment_lost, never_aligned
from smart_tuner.health.codes import FlagCode
from smart_tuner.health.explosion import gradient_explosion, non_finite
from smart_tuner.health.history import History
from smart_tuner.health.plateau import plateau
from smart_tuner.health.reasons import Reason
from smart_tuner.health.settings import HealthSection, Rule
from smart_tuner.health.verdict import Verdict
from storage.assessment import Flag
from storage.levels import Level

_R = TypeVar("_R", bound=Rule)
_RULES = (
    Reason.NON_FINITE, Reason.GRADIENT_EXPLOSION, Reason.ALIGNMENT_LOST, Reason.NEVER_ALIGNED,
)  # fmt: skip
_CRITICAL = {
    *(FlagCode(rule.value) for rule in _RULES),
    FlagCode.RESTARTS_IN_A_ROW,
    FlagCode.GRADIENT_NORM_CRITICAL,
    FlagCode.ALIGNMENT_CRITICAL,
    FlagCode.OFF_DIAGONAL,
}
_OVERALL, _DIAGONAL = "alignment.overall_score", "alignment.diagonal_score"
_TOO_LOW = (
    (FlagCode.ALIGNMENT_CRITICAL, _OVERALL, "overall_score_critical"),
    (FlagCode.OFF_DIAGONAL, _DIAGONAL, "diagonal_score_critical"),
    (FlagCode.ALIGNMENT_WEAK, _OVERALL, "overall_score_warning"),
)
_TOO_HIGH = (
    (FlagCode.EARLY_STOPS, "gate.early_rate", "wrong_stops"),
    (FlagCode.MISSED_STOPS, "gate.missed_rate", "wrong_stops"),
)
"""Code, score and threshold; of one score the first that it fails is told."""


def flags(
    history: History, settings: HealthSection, grace_steps: int, reason: Reason | None
) -> tuple[Flag, ...]:
    """All that is wrong, the gravest first.

    Args:
        history: what the trial's events have said.
        settings: the thresholds; a rule that is switched off prunes nothing, and is told here.
        grace_steps: the last step at which loss and alignment say nothing.
        reason: why the trial ended early, if it did.
    """
    found = [
        *_rules(history, settings, grace_steps, reason),
        *_restarts(history),
        *_gradient_norm(history, settings),
        *_scores(history, settings, grace_steps),
        *_plateau(history, settings, grace_steps),
        *_resumed(history, settings),
    ]
    return tuple(sorted(found, key=lambda flag: -flag.severity.gravity))


def _rules(
    history: History, settings: HealthSection, grace_steps: int, reason: Reason | None
) -> list[Flag]:
    """What the rules that prune see, or have seen: the trial ended for that reason."""
    verdicts = {
        Reason.NON_FINITE: non_finite(history, _on(settings.non_finite)),
        Reason.GRADIENT_EXPLOSION: gradient_explosion(history, _on(settings.gradient_explosion)),
        Reason.ALIGNMENT_LOST: alignment_lost(history, _on(settings.alignment_lost), grace_steps),
        Reason.NEVER_ALIGNED: None,
    }
    if reason is Reason.NEVER_ALIGNED:
        verdicts[reason] = never_aligned(history, _on(settings.never_aligned), grace_steps)
    return [
        _of_rule(rule, verdicts[rule], history)
        for rule in _RULES
        if reason is rule or verdicts[rule] is not None
    ]


def _on(rule: _R) -> _R:
    """What is switched off prunes nothing, and is no less true."""
    return rule.model_copy(update={"enabled": True})


def _of_rule(rule: Reason, verdict: Verdict | None, history: History) -> Flag:
    step = verdict.step if verdict else history.newest_step
    return _flag(FlagCode(rule.value), step, verdict.record() if verdict else {})


def _restarts(history: History) -> list[Flag]:
    """As many restarts in a row as the trainer may make."""
    in_a_row, most = history.restarts.in_a_row, max(1, history.max_restarts)
    if not history.rescue or in_a_row < most:
        return []
    values = {"restarts": float(in_a_row), "threshold": float(most)}
    return [_flag(FlagCode.RESTARTS_IN_A_ROW, history.newest_step, values)]


def _gradient_norm(history: History, settings: HealthSection) -> list[Flag]:
    """The highest of the last norms, once they have settled."""
    limits = settings.status
    high = [
        (seen.gradient_norm, seen.step)
        for seen in history.steps[-limits.gradient_norm_window :]
        if seen.step >= limits.settled_step
        and seen.gradient_norm is not None
        and seen.gradient_norm > limits.gradient_norm_warning
    ]
    if not high:
        return []
    norm, step = max(high)
    if norm > limits.gradient_norm_critical:
        code, limit = FlagCode.GRADIENT_NORM_CRITICAL, limits.gradient_norm_critical
    else:
        code, limit = FlagCode.GRADIENT_NORM_HIGH, limits.gradient_norm_warning
    return [_flag(code, step, {"gradient.norm": norm, "threshold": limit})]


def _scores(history: History, settings: HealthSection, grace_steps: int) -> list[Flag]:
    """Of the newest evaluation."""
    if not history.evaluations or history.evaluations[-1].step <= grace_steps:
        return []
    newest, found = history.evaluations[-1], dict[str, Flag]()
    for table, sign in ((_TOO_LOW, -1), (_TOO_HIGH, 1)):
        for code, name, setting in table:
            limit: float = getattr(settings.status, setting)
            value = newest.metrics.get(name)
            if value is not None and sign * value > sign * limit:
                flag = _flag(code, newest.step, {name: value, "threshold": limit})
                found.setdefault(name, flag)
    return list(found.values())


def _plateau(history: History, settings: HealthSection, grace_steps: int) -> list[Flag]:
    flat = plateau(history, settings.status.plateau)
    if flat is None or history.newest_step <= grace_steps:
        return []
    values = {
        "validation.loss": flat.best,
        "best_step": float(flat.best_step),
        "steps_since": float(flat.steps),
        "evaluations_since": float(flat.evaluations),
    }
    return [_flag(FlagCode.PLATEAU, history.newest_step, values)]


def _resumed(history: History, settings: HealthSection) -> list[Flag]:
    times = history.resumed_attempts
    if times < settings.status.resumed_attempts:
        return []
    return [_flag(FlagCode.RESUMED, history.starts[-1], {"times": float(times)})]


def _flag(code: FlagCode, step: int, values: Mapping[str, Any]) -> Flag:
    severity = Level.CRITICAL if code in _CRITICAL else Level.NEEDS_ATTENTION
    return Flag(code, severity, step, dict(values))
