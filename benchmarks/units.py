"""Numbers as people read them."""

from benchmarks.rows import Row, Unit
from benchmarks.timing import Ratio

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def quantity(value: float, unit: Unit) -> str:
    """``12.3 s``, ``4.56 ms``, ``1234 MB``."""
    if unit == "bytes":
        return f"{value / 1e6:.0f} MB"
    size, name = next((each for each in _SECONDS if value >= each[0]), _SECONDS[-1])
    return f"{value / size:.3g} {name}"


def ratio(value: Ratio) -> str:
    """``1.85 (1.80–1.91)``."""
    return f"{value.median:.2f} ({value.least:.2f}–{value.most:.2f})"


def verdict(row: Row) -> str:
    """The headline, as one says it: ``1.85× as fast``."""
    times = f"{row.headline.ratio.median:.2f}×"
    if row.meaning == "times the floor":
        return f"{times} the floor"
    return f"{times} {'less' if row.unit == 'bytes' else 'as fast'}"
