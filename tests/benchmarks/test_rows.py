"""From measurements to rows."""

from benchmarks import units
from benchmarks.rows import rows_of
from benchmarks.timing import OURS, Ratio, Series


def series(name: str, ours: bool, *seconds: float) -> Series:
    return Series(name, ours, tuple({"step": each} for each in seconds))


def test_the_headline_is_against_the_fastest() -> None:
    measured = [
        series("torch", True, 2.0, 4.0, 2.0),
        series("slow", False, 20.0, 20.0, 20.0),
        series("fast", False, 6.0, 6.0, 8.0),
    ]
    (row,) = rows_of("{part}, full", ["step"], measured, "s", "times better")
    assert row.title == "step, full [torch]"
    assert row.ours == 2.0
    assert [each.name for each in row.against] == ["fast", "slow"]
    assert row.headline.ratio == Ratio(3.0, 1.5, 4.0)
    assert units.verdict(row) == "3.00× as fast"


def test_a_floor_is_what_ours_is_divided_by() -> None:
    measured = [series(OURS, True, 3.0), series("floor", False, 2.0)]
    (row,) = rows_of("{part}", ["step"], measured, "s", "times the floor")
    assert (row.title, row.headline.ratio.median) == ("step", 1.5)
    assert units.verdict(row) == "1.50× the floor"


def test_each_of_ours_and_each_part_has_its_row() -> None:
    runs = ({"a": 1.0, "b": 2.0},)
    measured = [Series("torch", True, runs), Series("native", True, runs), Series("x", False, runs)]
    rows = rows_of("{part}", ["a", "b"], measured, "s", "times better")
    assert [row.title for row in rows] == ["a [torch]", "a [native]", "b [torch]", "b [native]"]


def test_quantities_read_well() -> None:
    assert units.quantity(12.34, "s") == "12.3 s"
    assert units.quantity(0.00456, "s") == "4.56 ms"
    assert units.quantity(7.89e-5, "s") == "78.9 µs"
    assert units.quantity(1.2e9, "bytes") == "1200 MB"
    assert units.ratio(Ratio(1.852, 1.8, 1.909)) == "1.85 (1.80–1.91)"
