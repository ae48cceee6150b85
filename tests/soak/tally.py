"""What was done to studies, and what they made of it."""

from collections import Counter
from dataclasses import dataclass, field

KILLS = ("controller killed", "trainer killed", "connections closed", "server killed")
"""What counts as a kill; the rest is said beside."""


@dataclass
class Tally:
    """Added up over studies."""

    faults: Counter[str] = field(default_factory=Counter)
    studies: Counter[str] = field(default_factory=Counter)
    """By what they were, for instance ``sqlite, 1 controller x 1``."""
    counts: Counter[str] = field(default_factory=Counter)
    """Trials, attempts, observations, steps."""
    redone: list[int] = field(default_factory=list)
    """Steps that were made once more, of each start of a trial but the first."""
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """How many kills there were."""
        return sum(self.faults[kind] for kind in KILLS)

    def table(self) -> str:
        """All of it, one line each."""
        others = sorted(kind for kind in self.faults if kind not in KILLS)
        rows = [
            ("kills", self.kills),
            *((f"  {kind}", self.faults[kind]) for kind in KILLS),
            *((kind, self.faults[kind]) for kind in others),
            ("studies", sum(self.studies.values())),
            *((f"  {kind}", n) for kind, n in sorted(self.studies.items())),
            *self.counts.items(),
            ("restarts of a trial", len(self.redone)),
            ("steps redone after one, at most", max(self.redone, default=0)),
            ("seconds", round(self.seconds)),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}} {number:>8}" for name, number in rows)
