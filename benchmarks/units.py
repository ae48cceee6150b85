"""Numbers as people read them."""

from benchmarks.rows import Against, Row, Unit
from benchmarks.timing import Ratio

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def quantity(value: float, unit: Unit) -> str:
    """``12.3 s``, ``4.56 ms``, ``1234 MB``, ``4.6 kB``."""
    if unit == "bytes":
        return f"{value / 1e6:.0f} MB" if abs(value) >= 1e6 else f"{value / 1e3:.1f} kB"
    size, name = next((each for each in _SECONDS if abs(value) >= each[0]), _SECONDS[-1])
    return f"{value / size:.3g} {name}"


def ratio(value: Ratio) -> str:
    """``1.85 (1.80–1.91)``."""
    return f"{value.median:.2f} ({value.least:.2f}–{value.most:.2f})"


def comparison(row: Row, against: Against) -> str:
    """What the row means: ``1.85 (1.80–1.91)``, or ``0.42 s (0.41 s–0.44 s) above the floor``."""
    value = against.ratio
    if row.meaning.startswith("above"):
        median, least, most = (
            quantity(each, row.unit) for each in (value.median, value.least, value.most)
        )
        return f"{median} ({least}–{most}) {row.meaning}"
    if row.meaning == "times better":
        return ratio(value)
    return f"{ratio(value)} × {row.meaning.removeprefix('times ')}"


def verdict(row: Row) -> str:
    """The headline, as one says it: ``1.85× as fast``."""
    other = "the floor" if row.meaning.endswith("floor") else row.headline.name
    if row.meaning.startswith("above"):
        return f"{quantity(row.headline.ratio.median, row.unit)} above {other}"
    times = f"{row.headline.ratio.median:.2f}×"
    if row.meaning != "times better":
        return f"{times} {other}"
    return f"{times} {'less' if row.unit == 'bytes' else 'as fast'}"
