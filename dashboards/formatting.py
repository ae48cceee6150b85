"""Numbers, durations and moments as people read them."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

NOTHING = "–"
"""Stands for what is not known, or is no number."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: float | None, decimals: int = 3) -> str:
    """``value`` with so many decimals; in powers of ten where those would show or fit nothing."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if size != 0 and (size >= 1e4 or size < 0.5 * 10.0**-decimals):
        return f"{value:.1e}"
    return f"{value:.{decimals}f}"


def quantity(value: object) -> str:
    """A number that was measured: whole ones whole, others with three significant digits."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def values_text(names: Sequence[str], values: Sequence[float]) -> str:
    """``quality 0.912, mcd 18.300``: one value an objective."""
    return ", ".join(f"{name} {number(one)}" for name, one in zip(names, values, strict=False))


def setting(value: Any) -> str:
    """A hyperparameter's value: floats with three significant digits."""
    if isinstance(value, float):
        return f"{value:.3g}" if math.isfinite(value) else NOTHING
    return NOTHING if value is None else str(value)


def duration(seconds: float | None) -> str:
    """``seconds`` as ``45 s``, ``12 min``, ``3 h 05 min`` or ``2 d 04 h``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR:02d} h"


def day(at: datetime) -> str:
    """The date of ``at`` in the reader's time zone."""
    return f"{at.astimezone():%Y-%m-%d}"


def moment(at: datetime) -> str:
    """Date and time of ``at``, to the second, in the reader's time zone."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def fraction(part: int, whole: int | None) -> str:
    """``part/whole``, or ``part`` alone where the whole is not known."""
    return str(part) if whole is None else f"{part}/{whole}"
