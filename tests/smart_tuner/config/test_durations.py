import pytest

from smart_tuner.config.durations import parse_duration, parse_limit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7200),
        ("90m", 5400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5H", 5400),
        ("45s", 45),
        ("1d", 86400),
        ("1d2h3m4s", 93784),
        ("600", 600),
        (600, 600),
        (0.5, 0.5),
    ],
)
def test_read_as_people_write_them(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "2x", "30m1h", "-1h", "0", 0, -3, True, float("nan"), float("inf"), [1]]
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration: write seconds"):
        parse_duration(text)


@pytest.mark.parametrize("nothing", [None, "none", " None "])
def test_no_limit_can_be_said(nothing: object) -> None:
    assert parse_limit(nothing) is None
    assert parse_limit("2h") == 7200
