"""Rows of the result: one of ours beside every baseline, the fastest of them first."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.timing import OURS, Ratio, Series

Unit = Literal["s", "bytes"]
Meaning = Literal[
    "times better", "times theirs", "times the floor", "above theirs", "above the floor"
]
"""Baseline divided by ours; or ours divided by it, or less it: the floor can't be undercut."""


@dataclass(frozen=True)
class Against:
    """Ours beside one other."""

    name: str
    value: float
    """The other's median."""
    ratio: Ratio
    """Where the row's meaning is ``above`` something, differences in its unit."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    title: str
    unit: Unit
    meaning: Meaning
    ours: float
    """The median."""
    against: tuple[Against, ...]
    """The one that does best comes first: it is the headline."""

    @property
    def headline(self) -> Against:
        """Ours beside the best of the others."""
        return self.against[0]


def rows_of(
    title: str, parts: Sequence[str], series: Sequence[Series], unit: Unit, meaning: Meaning
) -> list[Row]:
    """A row for each part and each of ours; ``title`` has ``{part}`` where the part stands.

    There is at least one series that is not ours.
    """
    others = [each for each in series if not each.ours]
    rows = []
    for part in parts:
        for ours in (each for each in series if each.ours):
            named = title.format(part=part) + ("" if ours.name == OURS else f" [{ours.name}]")
            against = sorted(
                (_against(ours, other, part, meaning) for other in others), key=lambda a: a.value
            )
            rows.append(Row(named, unit, meaning, median(ours.of(part)), tuple(against)))
    return rows


def _against(ours: Series, other: Series, part: str, meaning: Meaning) -> Against:
    mine, its = ours.of(part), other.of(part)
    if meaning == "times better":
        ratio = Ratio.of(its, mine)
    elif meaning.startswith("times"):
        ratio = Ratio.of(mine, its)
    else:
        ratio = Ratio.of_differences(mine, its)
    return Against(other.name, median(its), ratio)
