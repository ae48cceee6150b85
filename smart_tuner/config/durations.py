"""Lengths of time as people write them: ``2h``, ``90m``, ``1h30m``, ``45s``, or seconds."""

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

NO_LIMIT = "none"
"""How people write that there is no limit, where leaving it out means another thing."""
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = r"\d+(?:\.\d+)?"
_PARTS = re.compile("".join(rf"(?:({_NUMBER})\s*{unit}\s*)?" for unit in _UNITS))


def parse_duration(value: Any) -> float:
    """Seconds, more than none.

    Raises:
        ValueError: ``value`` is no duration; the message says how one is written.
    """
    seconds = _seconds(value)
    if seconds is None or not math.isfinite(seconds) or seconds <= 0:
        raise ValueError(
            f"{value!r} is no duration: write seconds, or hours and minutes such as 2h or 1h30m; "
            "none for no limit"
        )
    return seconds


def parse_limit(value: Any) -> float | None:
    """Seconds, or ``None`` where ``value`` is that, or the word for it.

    Raises:
        ValueError: as :func:`parse_duration`.
    """
    nothing = value is None or (isinstance(value, str) and value.strip().lower() == NO_LIMIT)
    return None if nothing else parse_duration(value)


def _seconds(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if re.fullmatch(_NUMBER, text):
        return float(text)
    match = _PARTS.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(
        float(part) * unit
        for part, unit in zip(match.groups(), _UNITS.values(), strict=True)
        if part is not None
    )


Duration = Annotated[float | None, BeforeValidator(parse_limit)]
"""Seconds, or ``None`` for no limit."""
