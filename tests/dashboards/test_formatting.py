import math

import pytest

from dashboards.formatting import duration, fraction, number, quantity, setting


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (None, 3, "–"),
        (math.nan, 3, "–"),
        (-math.inf, 3, "–"),
        (0.0, 2, "0.00"),
        (0.8123, 3, "0.812"),
        (-1.5, 1, "-1.5"),
        (9999.0, 2, "9999.00"),
        (10000.0, 2, "1.0e+04"),
        (0.0001, 3, "1.0e-04"),
        (0.0005, 3, "0.001"),
    ],
)
def test_number(value: float | None, decimals: int, shown: str) -> None:
    assert number(value, decimals) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (math.nan, "–"),
        (-5, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (90000, "1 d 01 h"),
    ],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0012345, "0.00123"),
        (1e-05, "1e-05"),
        (3, "3"),
        ("ru", "ru"),
        (True, "True"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_setting(value: object, shown: str) -> None:
    assert setting(value) == shown


def test_fraction() -> None:
    assert fraction(3, 12) == "3/12"
    assert fraction(3, None) == "3"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (200.0, "200"),
        (12345.0, "12345"),
        (12.449, "12.4"),
        (1e-7, "1e-07"),
        (1e30, "1e+30"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-9, "-9"),
        ("fp32", "fp32"),
    ],
)
def test_quantity(value: object, shown: str) -> None:
    assert quantity(value) == shown
