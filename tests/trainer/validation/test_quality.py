"""The quality score, by hand, and its four anchors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.validation.quality import quality_score


def quality(
    overall: float = 1.0,
    early: float = 0.0,
    missed: float = 0.0,
    success: float = 1.0,
    retrieval: float = 1.0,
    phi: float = 1.0,
    n: int = 24,
) -> float:
    metrics = {
        "alignment.overall_score": overall,
        "gate.early_rate": early,
        "gate.missed_rate": missed,
        "free_run.success_rate": success,
        "free_run.retrieval_rate": retrieval,
    }
    return quality_score(metrics, phi, n)


def test_by_hand() -> None:
    assert quality() == 1.0
    # b = (0.6 + (1 - 0.1 - 0.2) + 0.5)/3 = 0.6; rho = (0.7 - 1/5)/(4/5) = 0.625
    score = quality(overall=0.6, early=0.1, missed=0.2, success=0.8, retrieval=0.7, phi=0.5, n=5)
    assert score == pytest.approx(0.2 * 0.6 + 0.8 * math.sqrt(0.6) * 0.8 * 0.625)


def test_retrieval_by_chance_counts_nothing() -> None:
    assert quality(retrieval=1 / 24) == quality(retrieval=0.0) == pytest.approx(0.2)


def test_more_wrong_stops_than_sentences_count_no_less_than_nothing() -> None:
    assert quality(early=0.6, missed=0.6, success=0.0) == pytest.approx(0.2 * 2 / 3)


@pytest.mark.parametrize(
    ("what", "score", "low", "high"),
    [
        # says nothing of the text, though a steady sound is somewhat like any speech
        ("copies the last frame", {"overall": 0.02, "missed": 0.0, "success": 0.0,
                                   "retrieval": 1 / 24, "phi": 0.18}, 0.075, 0.085),
        ("wrong words on a perfect diagonal", {"overall": 0.97, "retrieval": 4 / 24,
                                               "phi": 0.45}, 0.25, 0.28),
        ("a good demo voice", {"overall": 0.80, "success": 1.0, "phi": 0.30}, 0.80, 0.82),
        ("an excellent voice", {"overall": 0.95, "phi": 0.75}, 0.93, 0.95),
    ],
)  # fmt: skip
def test_anchors(what: str, score: dict[str, float], low: float, high: float) -> None:
    assert low <= quality(**score) <= high, what


unit = st.floats(0, 1)


@given(st.tuples(unit, unit, unit, unit, unit, unit), st.integers(2, 24))
def test_always_between_0_and_1(values: tuple[float, ...], n: int) -> None:
    assert 0.0 <= quality(*values, n=n) <= 1.0


@given(unit, unit, unit, unit)
def test_better_is_never_worse(
    overall: float, success: float, retrieval: float, phi: float
) -> None:
    base = quality(overall, 0, 0, success, retrieval, phi)
    assert quality(min(1, overall + 0.1), 0, 0, success, retrieval, phi) >= base
    assert quality(overall, 0, 0, min(1, success + 0.1), retrieval, phi) >= base
    assert quality(overall, 0, 0, success, min(1, retrieval + 0.1), phi) >= base
    assert quality(overall, 0, 0, success, retrieval, min(1, phi + 0.1)) >= base
