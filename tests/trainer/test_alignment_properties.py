"""Alignment scores by hand, and what holds of any alignment."""

from dataclasses import astuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from trainer.alignment import (
    AlignmentScores,
    attention_path,
    crop_silence,
    mean_scores,
    score_alignment,
    score_batch,
)
from trainer.audio import SILENCE

Matrix = NDArray[np.float64]


def test_hand_computed() -> None:
    """Two tokens, ten steps each, attended to by 0.7 and 0.8."""
    slow = score_alignment(np.repeat(np.array([[0.7, 0.3], [0.2, 0.8]]), 10, axis=0))
    v = (np.arange(20) + 0.5) / 20
    kernel = np.exp(-((v[:, None] - np.array([0.25, 0.75])) ** 2) / 0.08)
    near = (0.7 * kernel[:10, 0] + 0.3 * kernel[:10, 1]).sum()
    near += (0.2 * kernel[10:, 0] + 0.8 * kernel[10:, 1]).sum()
    chance = kernel.mean()
    assert slow.diagonal == pytest.approx((near / 20 - chance) / (1 - chance), abs=1e-12)
    assert slow.focus == pytest.approx((0.75 - 0.5) / 0.5, abs=1e-12)
    assert (slow.monotonic, slow.coverage) == (1.0, 1.0)
    assert slow.overall == pytest.approx(slow.diagonal**0.4 * 0.5**0.2, abs=1e-12)


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        elements=st.floats(0.0, 1e300),
    )
)
def test_any_alignment_scores_between_0_and_1(alignment: Matrix) -> None:
    before = alignment.copy()
    scores = astuple(score_alignment(alignment))
    assert all(type(score) is float and 0.0 <= score <= 1.0 for score in scores)
    assert (alignment == before).all()


@given(st.integers(4, 40), st.integers(1, 6), st.floats(1e-3, 1e3), st.integers(0, 999))
def test_rows_are_renormalised(n: int, per_token: int, scale: float, seed: int) -> None:
    a = np.random.default_rng(seed).random((n * per_token, n))
    assert astuple(score_alignment(a * scale)) == pytest.approx(astuple(score_alignment(a)))


def test_a_zero_row_counts_as_uniform() -> None:
    a = np.eye(8).repeat(3, axis=0)
    a[5] = 0.0
    b = a.copy()
    b[5] = 1 / 8
    assert score_alignment(a) == score_alignment(b)
    assert score_alignment(np.zeros((30, 10))) == score_alignment(np.ones((30, 10)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors(dtype: torch.dtype) -> None:
    a = np.eye(16).repeat(4, axis=0)
    tensor = torch.tensor(a, dtype=dtype, requires_grad=True)
    assert score_alignment(tensor) == score_alignment(a) == score_alignment(a.tolist())


def test_scores_are_computed_in_float64() -> None:
    a = np.random.default_rng(0).random((300, 100)).astype(np.float32)
    assert score_alignment(a) == score_alignment(a.astype(np.float64))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2), (1000, 1), (3, 1000)])
def test_tiny_and_lopsided_shapes(shape: tuple[int, int]) -> None:
    for a in (np.zeros(shape), np.ones(shape), np.eye(*shape)):
        assert all(0.0 <= score <= 1.0 for score in astuple(score_alignment(a)))


@pytest.mark.parametrize(
    ("alignment", "message"),
    [
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\)"),
        (np.zeros((0, 4)), r"shape \(0, 4\)"),
        (np.zeros((4, 0)), r"shape \(4, 0\)"),
        ([[0.5, float("nan")]], "not finite"),
        ([[0.5, float("inf")]], "not finite"),
        ([[1.5, -0.5]], "negative"),
    ],
)
def test_what_is_no_alignment(alignment: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score_alignment(alignment)


def test_the_path_forgives_two_stray_steps() -> None:
    a = np.eye(10).repeat(6, axis=0)
    a[26:28] = np.eye(10)[0]
    assert np.abs(attention_path(a) - np.arange(10).repeat(6)).max() <= 1
    a[26:29] = np.eye(10)[0]
    assert attention_path(a)[27] == 0


def test_one_token_back_is_no_repeat_and_two_are() -> None:
    def monotonic(again: int) -> float:
        order = [*range(10), *range(10 - again, 20)]
        return score_alignment(np.eye(20)[np.repeat(order, 5)]).monotonic

    assert monotonic(2) == 1.0
    assert monotonic(3) == pytest.approx(1 - 1 / 23)  # one of the 23 tokens read


@pytest.mark.parametrize(
    ("reached", "expected"), [(20, 1.0), (19, 1.0), (18, 17 / 17.1), (10, 9 / 17.1), (1, 0.0)]
)
def test_monotonic_asks_for_nine_tenths_of_the_way(reached: int, expected: float) -> None:
    a = np.eye(20)[np.repeat(np.arange(reached), 10)]
    assert score_alignment(a).monotonic == pytest.approx(expected)


@pytest.mark.parametrize("r", [1, 2, 3, 5])
def test_silence_at_the_edges_is_cropped(r: int) -> None:
    loud, quiet = SILENCE + 2.1, SILENCE + 1.9
    mel = np.full((80, 40 * r - (r > 1)), loud, dtype=np.float32)
    mel[:, : 7 * r] = quiet
    mel[:, 20 * r : 25 * r] = quiet  # within: a pause belongs to the sentence
    mel[:, 35 * r :] = quiet
    alignment = np.arange(40.0)[:, None].repeat(6, axis=1)
    assert crop_silence(alignment, mel, r)[:, 0].tolist() == list(range(7, 35))
    mel[:] = quiet
    assert crop_silence(alignment, mel, r) is alignment


def test_the_mean_leaves_out_what_is_too_short() -> None:
    good, bad = np.eye(8).repeat(4, axis=0), np.ones((30, 10))
    short = [np.ones((3, 9)), np.ones((9, 3))]
    expected = mean_scores([score_alignment(good), score_alignment(bad)])
    assert score_batch([good, *short, bad]) == expected
    assert expected.overall == pytest.approx(score_alignment(good).overall / 2)
    assert score_batch(short) == AlignmentScores(0.0, 0.0, 0.0, 0.0, 0.0)
