"""Which utterances make batch number k."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import BatchOrder

LENGTHS = [(7 * i) % 31 + 50 for i in range(23)]


@pytest.mark.parametrize(
    ("batch_size", "seed", "step", "expected"),
    [
        (4, 0, 0, [1, 10, 19, 6]), (4, 0, 1, [15, 2, 11, 20]), (4, 0, 4, [0, 9, 5, 14]),
        (4, 0, 5, [2, 11, 20, 7]), (4, 0, 17, [16, 3, 12, 21]), (4, 1234, 0, [16, 3, 12, 21]),
        (4, 1234, 1, [14, 1, 19, 6]), (4, 1234, 4, [0, 9, 18, 5]), (4, 1234, 5, [1, 10, 19, 6]),
        (4, 1234, 17, [15, 2, 11, 7]), (5, 7, 0, [0, 9, 18, 5, 14]), (5, 7, 1, [11, 20, 7, 16, 3]),
        (5, 7, 4, [0, 9, 18, 5, 14]), (5, 7, 14, [10, 19, 6, 15, 2]), (1, 2, 0, [9]),
        (1, 2, 1, [15]), (1, 2, 2, [7]),
    ],
)  # fmt: skip
def test_recorded_seeds_keep_their_order(
    batch_size: int, seed: int, step: int, expected: list[int]
) -> None:
    assert BatchOrder(LENGTHS, batch_size, seed).indices(step) == expected


@given(st.integers(1, 80), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_an_epoch_takes_each_utterance_at_most_once(n: int, size: int, seed: int) -> None:
    lengths = [(7 * i) % 31 for i in range(n)]
    order = BatchOrder(lengths, size, seed)
    for epoch in range(2):
        first = epoch * order.batches_in(0)
        batches = [order.indices(first + i) for i in range(order.batches_in(epoch))]
        assert {len(batch) for batch in batches} == {min(size, n)}
        taken = Counter(i for batch in batches for i in batch)
        assert set(taken.values()) == {1}
        assert set(taken) <= set(range(n))
        assert n - len(taken) < min(size, n)  # less than a batch is left over
    if n % min(size, n) == 0:
        assert len(taken) == n


@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=60), st.integers(1, 20),
    st.integers(100, 3000), st.integers(0, 99),
)  # fmt: skip
def test_by_frames_an_epoch_takes_each_utterance_once_within_the_limits(
    lengths: list[int], size: int, limit: int, seed: int
) -> None:
    order, step = BatchOrder(lengths, size, seed, limit), 0
    for epoch in range(3):
        batches = [order.indices(step + i) for i in range(order.batches_in(epoch))]
        step += len(batches)
        assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
        for batch in batches:
            frames = [lengths[i] for i in batch]
            assert frames == sorted(frames)
            assert 1 <= len(batch) <= size
            assert len(batch) == 1 or len(batch) * max(frames) <= limit


def test_by_frames_what_is_too_long_comes_alone() -> None:
    lengths = [60] * 20 + [5000, 6000]
    order = BatchOrder(lengths, 8, 0, batch_frames=300)
    batches = [order.indices(step) for step in range(order.batches_in(0))]
    assert Counter(map(len, batches)) == {5: 4, 1: 2}
    assert {i for batch in batches if len(batch) == 1 for i in batch} == {20, 21}


def test_by_frames_batches_fill_the_limit_and_change_from_epoch_to_epoch() -> None:
    lengths = np.random.default_rng(0).integers(50, 800, size=500)
    order = BatchOrder(lengths.tolist(), 64, 3, batch_frames=3000)
    counts = [order.batches_in(epoch) for epoch in range(6)]
    assert len(set(counts)) > 1  # so that finding an epoch's start is put to the test
    epochs = [
        [order.indices(sum(counts[:epoch]) + i) for i in range(counts[epoch])] for epoch in range(6)
    ]
    for batches in epochs:
        padded = sum(int(lengths[batch].max()) * len(batch) for batch in batches)
        assert padded < 1.15 * lengths.sum()
        assert lengths.sum() > 0.8 * 3000 * len(batches)
        means = [lengths[batch].mean() for batch in batches]
        assert means != sorted(means)
    for one, other in pairwise(epochs):
        same = {frozenset(batch) for batch in one} & {frozenset(batch) for batch in other}
        assert len(same) < 0.1 * len(one)


@pytest.mark.parametrize("batch_frames", [None, 100])
@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 99), st.integers(0, 500))
def test_any_step_can_be_asked_for_first(
    batch_frames: int | None, n: int, size: int, seed: int, step: int
) -> None:
    """A resume needs no state: the batch follows from the seed and the step."""
    lengths = list(range(1, n + 1))
    through = BatchOrder(lengths, size, seed, batch_frames)
    walked = [through.indices(i) for i in range(max(0, step - 20), step + 1)][-1]
    assert BatchOrder(lengths, size, seed, batch_frames).indices(step) == walked
    through.indices(step + 999)
    assert through.indices(step) == walked


def test_what_one_epoch_leaves_over_another_takes() -> None:
    order = BatchOrder([1] * 10, 4, seed=0)
    epochs = [{i for step in (2 * e, 2 * e + 1) for i in order.indices(step)} for e in range(12)]
    assert all(len(taken) == 8 for taken in epochs)
    assert set.union(*epochs) == set(range(10))
    assert len({frozenset(taken) for taken in epochs}) > 3


@pytest.mark.parametrize("batch_frames", [None, 200])
def test_seeds_and_epochs_shuffle_differently(batch_frames: int | None) -> None:
    def first(seed: int) -> list[list[int]]:
        order = BatchOrder(list(range(64)), 4, seed, batch_frames)
        return [order.indices(step) for step in range(36)]

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert first(1)[:16] != first(1)[16:32]


@pytest.mark.parametrize("size", [4, 16])
def test_batches_hold_like_lengths_in_no_order(size: int) -> None:
    lengths = np.random.default_rng(0).integers(50, 800, size=512)
    order = BatchOrder(lengths.tolist(), size, seed=3)
    batches = [lengths[order.indices(step)] for step in range(order.batches_in(0))]
    padding = sum(int(b.max()) * size - int(b.sum()) for b in batches) / lengths.sum()
    shuffled = lengths.reshape(-1, size)
    unsorted = (shuffled.max(axis=1) * size).sum() / lengths.sum() - 1
    assert padding < 0.4 * unsorted
    means = [b.mean() for b in batches]
    assert means != sorted(means)
