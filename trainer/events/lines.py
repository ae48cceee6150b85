"""Events as lines of JSON.

Non-finite floats, which JSON lacks, travel as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"``.
"""

import json
import math
from dataclasses import asdict, fields
from typing import Any, get_args

from trainer.events.kinds import Event, Header

VERSION = 2
"""The first line of every file is ``{"event": "header", "version": VERSION, ...}``."""

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_KINDS: dict[str, type[Any]] = {kind.name: kind for kind in get_args(Event)}


class EventFormatError(ValueError):
    """A line that this version of the format does not explain."""


def encode(event: Event) -> str:
    """One line, without its newline."""
    return json.dumps(
        {"event": event.name, **_finite(asdict(event))}, ensure_ascii=False, allow_nan=False
    )


def decode(line: str) -> Event:
    """The event of one line; unknown fields of a later version are passed over."""
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise EventFormatError(f"not JSON: {line[:80]!r}") from error
    kind = _KINDS.get(str(data.get("event"))) if isinstance(data, dict) else None
    if kind is None:
        raise EventFormatError(f"no known event: {line[:80]!r}")
    # Text is taken as it is: only a number can be one of the non-finite strings.
    known = {field.name: _as_is if field.type is str else _restored for field in fields(kind)}
    try:
        event: Event = kind(**{k: known[k](v) for k, v in data.items() if k in known})
    except TypeError as error:
        raise EventFormatError(f"incomplete {kind.name} event: {error}") from error
    if isinstance(event, Header) and event.version not in range(1, VERSION + 1):
        raise EventFormatError(f"events of version {event.version}; this reads up to {VERSION}")
    return event


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _as_is(value: Any) -> Any:
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return value
