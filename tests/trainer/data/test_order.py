"""Which utterances make batch number k."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import BatchOrder


@given(st.integers(1, 80), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_an_epoch_takes_each_utterance_at_most_once(n: int, size: int, seed: int) -> None:
    lengths = [(7 * i) % 31 for i in range(n)]
    order = BatchOrder(lengths, size, seed)
    for epoch in range(2):
        steps = range(epoch * order.batches_per_epoch, (epoch + 1) * order.batches_per_epoch)
        batches = [order.indices(step) for step in steps]
        assert {len(batch) for batch in batches} == {min(size, n)}
        taken = Counter(i for batch in batches for i in batch)
        assert set(taken.values()) == {1}
        assert set(taken) <= set(range(n))
        assert n - len(taken) < min(size, n)  # less than a batch is left over
    if n % min(size, n) == 0:
        assert len(taken) == n


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 99), st.integers(0, 500))
def test_any_step_can_be_asked_for_first(n: int, size: int, seed: int, step: int) -> None:
    """A resume needs no state: the batch follows from the seed and the step."""
    lengths = list(range(n))
    through = BatchOrder(lengths, size, seed)
    walked = [through.indices(i) for i in range(max(0, step - 20), step + 1)][-1]
    assert BatchOrder(lengths, size, seed).indices(step) == walked
    through.indices(step + 999)
    assert through.indices(step) == walked


def test_what_one_epoch_leaves_over_another_takes() -> None:
    order = BatchOrder([1] * 10, 4, seed=0)
    epochs = [{i for step in (2 * e, 2 * e + 1) for i in order.indices(step)} for e in range(12)]
    assert all(len(taken) == 8 for taken in epochs)
    assert set.union(*epochs) == set(range(10))
    assert len({frozenset(taken) for taken in epochs}) > 3


def test_seeds_and_epochs_shuffle_differently() -> None:
    def first(seed: int) -> list[list[int]]:
        order = BatchOrder(list(range(64)), 4, seed)
        return [order.indices(step) for step in range(32)]

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert first(1)[:16] != first(1)[16:]


@pytest.mark.parametrize("size", [4, 16])
def test_batches_hold_like_lengths_in_no_order(size: int) -> None:
    lengths = np.random.default_rng(0).integers(50, 800, size=512)
    order = BatchOrder(lengths.tolist(), size, seed=3)
    batches = [lengths[order.indices(step)] for step in range(order.batches_per_epoch)]
    padding = sum(int(b.max()) * size - int(b.sum()) for b in batches) / lengths.sum()
    shuffled = lengths.reshape(-1, size)
    unsorted = (shuffled.max(axis=1) * size).sum() / lengths.sum() - 1
    assert padding < 0.4 * unsorted
    means = [b.mean() for b in batches]
    assert means != sorted(means)
