"""How a trial stands, and why: the judgement that the controller stores and readers show.

Codes are stable identifiers without prose, so that each reader has its own words for them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from storage.levels import Level, gravest


@dataclass(frozen=True)
class Flag:
    """A red flag: what is wrong, how grave that is, and the numbers that say so."""

    code: str
    severity: Level
    step: int
    values: Mapping[str, Any]
    """By metric name; ``threshold``: what was passed; ``cause``: what most likely lies behind."""


@dataclass(frozen=True)
class Check:
    """One condition of a successful training."""

    code: str
    passed: bool | None
    """``None``: not known yet."""
    value: float | None
    threshold: float


@dataclass(frozen=True)
class Recommendation:
    """Which hyperparameter to move, in which direction, and why."""

    code: str
    """Why it helps."""
    hparam: str
    direction: str
    """``lower``, ``raise``, ``switch_on`` or ``set``."""
    because: str
    """The flag or reason that it answers."""
    now: Any = None
    """The trial's own value, where it is known."""
    to: Any = None
    """The value to take, where the direction is ``set``."""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The judgement of one trial."""

    flags: tuple[Flag, ...] = ()
    """The gravest first."""
    checklist: tuple[Check, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    """The likeliest to help first."""

    @property
    def level(self) -> Level:
        """That of the gravest flag."""
        return gravest(flag.severity for flag in self.flags)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready but for floats that are not finite; :meth:`from_json` reads it back."""
        return {"level": self.level, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave, from a database or another process."""
        return cls(
            flags=tuple(
                Flag(**{**flag, "severity": Level(flag["severity"])}) for flag in stored["flags"]
            ),
            checklist=tuple(Check(**check) for check in stored["checklist"]),
            recommendations=tuple(Recommendation(**one) for one in stored["recommendations"]),
        )
