"""Numbers and times in the reader's language."""

import math
from collections.abc import Mapping
from typing import Any

from dashboards.formatting import NOTHING, number, quantity, setting
from dashboards.sections import METRICS
from dashboards.words import CAUSES
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import code, esc
from storage.records import TrialRecord

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MOST_PARAMS = 20


def duration(seconds: float | None, t: Words) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min`` or ``2 d 04 h``, in the reader's words."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return t("{s} s").format(s=whole)
    if whole < _HOUR:
        return t("{min} min").format(min=whole // _MINUTE)
    if whole < _DAY:
        return t("{h} h {min} min").format(h=whole // _HOUR, min=f"{whole % _HOUR // 60:02d}")
    return t("{d} d {h} h").format(d=whole // _DAY, h=f"{whole % _DAY // _HOUR:02d}")


def trial_value(trial: TrialRecord) -> str:
    """The objective's value, or all of them in a study of several."""
    if trial.values is not None and len(trial.values) > 1:
        return " / ".join(number(value) for value in trial.values)
    return number(trial.value)


def evidence(values: Mapping[str, Any], t: Words) -> str:
    """``gradient.norm 512, threshold 100``, and the likely cause."""
    facts = dict(values)
    cause = facts.pop("cause", None)
    parts = [f"{code(name)} {esc(quantity(value))}" for name, value in facts.items()]
    if cause:
        parts.append(esc(t(CAUSES[cause])) if cause in CAUSES else esc(cause))
    return ", ".join(parts)


def params(trial: TrialRecord) -> list[str]:
    """The hyperparameters, one a line."""
    pairs = list(trial.params.items())[:_MOST_PARAMS]
    return [f"  {code(name)} = {esc(setting(value))}" for name, value in pairs]


def scores(trial: TrialRecord) -> list[str]:
    """The scores that matter most, one a line."""
    known = [name for name in METRICS if name in trial.metrics]
    return [f"  {code(name)} {number(trial.metrics[name])}" for name in known]
