"""How a training stands, in one word."""

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """Stable identifiers, from the lightest; each reader shows them in its own language."""

    STABLE = "STABLE"
    NEEDS_ATTENTION = "NEEDS ATTENTION"
    CRITICAL = "CRITICAL"

    @property
    def gravity(self) -> int:
        """Greater is graver."""
        return list(Level).index(self)


def gravest(levels: Iterable[Level]) -> Level:
    """The gravest of ``levels``; ``STABLE`` without any."""
    return max(levels, key=lambda level: level.gravity, default=Level.STABLE)
