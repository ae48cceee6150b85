"""Contestants measured in turns, and what is concluded: medians, ratios, their spread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Parts = Mapping[str, float]
"""What one run took, by part: in seconds or bytes."""
OURS = "ours"
"""What ours is called where there is one way alone."""


@dataclass(frozen=True)
class Contestant:
    """One way to do what a case is about."""

    name: str
    ours: bool
    run: Callable[[], Parts]
    """Does it once."""


@dataclass(frozen=True)
class Ratio:
    """Of two things measured in turns: each pair was measured in the same minute."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> "Ratio":
        """``above`` divided by ``below``, pair by pair; as many of both, and not none."""
        return cls._of([one / other for one, other in zip(above, below, strict=True)])

    @classmethod
    def of_differences(cls, above: Sequence[float], below: Sequence[float]) -> "Ratio":
        """``above`` less ``below``, pair by pair: of costs that add up."""
        return cls._of([one - other for one, other in zip(above, below, strict=True)])

    @classmethod
    def _of(cls, pairs: Sequence[float]) -> "Ratio":
        return cls(median(pairs), min(pairs), max(pairs))


@dataclass(frozen=True)
class Series:
    """All runs of one contestant, in order."""

    name: str
    ours: bool
    runs: tuple[Parts, ...]

    def of(self, part: str) -> list[float]:
        """One part of each run."""
        return [run[part] for run in self.runs]


def interleaved(
    contestants: Sequence[Contestant],
    repeats: int,
    *,
    warm_up: bool = True,
    ran: Callable[[], None] = lambda: None,
) -> list[Series]:
    """Run all in turns, ``repeats`` times; the first to run changes each time.

    Args:
        contestants: at least one.
        repeats: how many runs of each are measured, 1 or more.
        warm_up: run each once before, unmeasured.
        ran: called after each run.
    """
    runs: dict[str, list[Parts]] = {contestant.name: [] for contestant in contestants}
    for turn in range(-1 if warm_up else 0, repeats):
        first = max(turn, 0) % len(contestants)
        for contestant in (*contestants[first:], *contestants[:first]):
            parts = contestant.run()
            if turn >= 0:
                runs[contestant.name].append(parts)
            ran()
    return [Series(c.name, c.ours, tuple(runs[c.name])) for c in contestants]
