"""Rules on losses and gradients, from step 0: ``non_finite`` and ``gradient_explosion``."""

import math
from collections.abc import Mapping

from smart_tuner.health.history import History
from smart_tuner.health.reasons import Reason
from smart_tuner.health.settings import GradientExplosionRule, NonFiniteRule
from smart_tuner.health.verdict import Verdict
from trainer.events import Diverged

_EVALUATED_LOSSES = ("validation.loss", "validation.mel_l1")


def non_finite(history: History, rule: NonFiniteRule) -> Verdict | None:
    """The trainer left as diverged, or the newest loss or gradient norm is NaN or infinite.

    A trainer that rescues is waited for: what it can't mend it leaves as diverged.
    """
    if not rule.enabled:
        return None
    diverged = history.diverged
    if diverged is not None and reason_of(diverged) is Reason.NON_FINITE:
        return Verdict(Reason.NON_FINITE, diverged.step, _left_with(history, diverged))
    if history.rescue:
        return None
    step, values = _newest(history)
    bad = {name: value for name, value in values.items() if not math.isfinite(value)}
    return Verdict(Reason.NON_FINITE, step, bad) if bad else None


def gradient_explosion(history: History, rule: GradientExplosionRule) -> Verdict | None:
    """The gradient norm was above ``rule.norm`` on ``rule.steps`` of the last ``rule.window``.

    A trainer that rescues is waited for here, too.
    """
    if not rule.enabled:
        return None
    diverged = history.diverged
    if diverged is not None and reason_of(diverged) is Reason.GRADIENT_EXPLOSION:
        return Verdict(Reason.GRADIENT_EXPLOSION, diverged.step, _left_with(history, diverged))
    if history.rescue:
        return None
    recent = history.steps[-rule.window :]
    norms = [seen.gradient_norm for seen in recent if seen.gradient_norm is not None]
    high = [norm for norm in norms if norm > rule.norm]
    if len(high) < rule.steps:
        return None
    evidence = {
        "gradient.norm": max(high),
        "threshold": rule.norm,
        "steps_above": float(len(high)),
        "window": float(rule.window),
    }
    return Verdict(Reason.GRADIENT_EXPLOSION, recent[-1].step, evidence)


def reason_of(diverged: Diverged) -> Reason:
    """Why a trainer left as diverged: what it names was not finite, or was and too large."""
    finite = math.isfinite(diverged.value)
    return Reason.GRADIENT_EXPLOSION if finite else Reason.NON_FINITE


def _left_with(history: History, diverged: Diverged) -> Mapping[str, float]:
    values = {diverged.quantity: diverged.value}
    return values | ({"restarts": float(history.restarts.total)} if history.rescue else {})


def _newest(history: History) -> tuple[int, Mapping[str, float]]:
    """The losses and the norm of the last step and the last evaluation, and the later's step."""
    step, values = 0, {}
    if history.steps:
        last = history.steps[-1]
        found = {"train.loss": last.loss, "gradient.norm": last.gradient_norm}
        values = {name: value for name, value in found.items() if value is not None}
        step = last.step
    if history.evaluations:
        scores = history.evaluations[-1].metrics
        values |= {name: scores[name] for name in _EVALUATED_LOSSES if name in scores}
        step = max(step, history.evaluations[-1].step)
    return step, values
