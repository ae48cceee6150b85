"""The nearest known name to a misspelt one."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_NEAR = 0.5
"""Likeness, in [0, 1], from which on a name may have been meant."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or nothing where no known name is near."""
    likeness, nearest = max(((_likeness(name.lower(), x), x) for x in known), default=((0, 0), ""))
    return f"; did you mean '{nearest}'?" if likeness[0] >= _NEAR else ""


def _likeness(name: str, candidate: str) -> tuple[float, float]:
    """By letters in their order; among equals by letters in any order: ``lgo`` meant ``log``."""
    in_order = SequenceMatcher(None, candidate, name).ratio()
    in_any = SequenceMatcher(None, sorted(candidate), sorted(name)).ratio()
    return in_order, in_any
