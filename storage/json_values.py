"""JSON and the floats it lacks: NaN and the infinities.

In the database they travel as ``{"$float": "NaN"}`` and come back as floats (PostgreSQL and MySQL
refuse bare ones). For readers outside, who know no such thing, they become null.
"""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

_TAG = "$float"
_PLAIN = frozenset({str, int, bool})
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def finite(value: Any) -> Any:
    """``value`` for JSON that others read: non-finite floats as ``None``, enums as values."""
    return _mapped(value, lambda _: None)


def encoded(value: Any) -> Any:
    """``value`` for a JSON column: non-finite floats tagged."""
    return _mapped(value, _tagged)


def decoded(value: Any) -> Any:
    """What :func:`encoded` was given (tuples come back as lists)."""
    if isinstance(value, dict):
        if value.keys() == {_TAG}:
            return _NON_FINITE[value[_TAG]]
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value


def _tagged(value: float) -> dict[str, str]:
    if math.isnan(value):
        return {_TAG: "NaN"}
    return {_TAG: "Infinity" if value > 0 else "-Infinity"}


def _mapped(value: Any, non_finite: Any) -> Any:
    if value is None or type(value) in _PLAIN:  # most are, and listings hold a hundred thousand
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else non_finite(value)
    if isinstance(value, Mapping):
        return {str(key): _mapped(item, non_finite) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, non_finite) for item in value]
    return value
