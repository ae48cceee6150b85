"""The space of a study, as it is stored: ranges in words, and as Optuna's distributions."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from dashboards.formatting import quantity

Space = Mapping[str, Mapping[str, Any]]
"""``identity["space"]`` of a study: by the hyperparameter's name its ``type`` and bounds."""


def range_text(entry: Mapping[str, Any]) -> str:
    """``0.001 to 0.02, log scale``, ``1 to 5`` or ``one of ru, en``."""
    if entry["type"] == "categorical":
        return f"one of {', '.join(map(str, entry['choices']))}"
    text = f"{quantity(entry['low'])} to {quantity(entry['high'])}"
    step = entry.get("step")
    if step is not None and step != 1:
        text += f" in steps of {quantity(step)}"
    return f"{text}, log scale" if entry.get("log") else text


def distribution(entry: Mapping[str, Any], values: Iterable[Any]) -> BaseDistribution:
    """What a hyperparameter is drawn from, wide enough for ``values``.

    A study that goes on with a narrower range has trials outside of it, and they count, too.
    Choices are their texts (:func:`drawn`), for Optuna takes no lists.
    """
    values = list(values)
    if entry["type"] == "categorical":
        return CategoricalDistribution(list(dict.fromkeys(map(str, [*entry["choices"], *values]))))
    low, high = min([entry["low"], *values]), max([entry["high"], *values])
    if entry["type"] == "int":
        return IntDistribution(int(low), int(high), log=bool(entry.get("log")))
    return FloatDistribution(float(low), float(high), log=bool(entry.get("log")))


def drawn(entry: Mapping[str, Any], value: Any) -> Any:
    """``value`` as :func:`distribution` knows it."""
    return str(value) if entry["type"] == "categorical" else value


def could_be_drawn(entry: Mapping[str, Any], value: Any) -> bool:
    """Whether :func:`distribution` can be made wide enough for ``value``."""
    if entry["type"] == "categorical":
        return value is not None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return value > 0 or not entry.get("log")
