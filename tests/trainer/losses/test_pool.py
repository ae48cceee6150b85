"""Counts of an effective batch."""

import pytest

from trainer.losses import Pool
from trainer.losses.pool import least_ctc_steps


@pytest.mark.parametrize(
    ("sequence", "steps"),
    [([], 0), ([5], 1), ([5, 6, 7], 3), ([5, 5], 3), ([5, 5, 5], 5), ([5, 6, 5, 6], 4)],
)
def test_ctc_needs_a_blank_between_equal_labels(sequence: list[int], steps: int) -> None:
    assert least_ctc_steps(sequence) == steps


def test_counts_by_hand() -> None:
    sequences, frames = [[1, 2, 3], [4, 4], [5]], [7, 4, 6]
    assert Pool.of(sequences, frames, 1) == Pool(3, 17, 17, 3)
    assert Pool.of(sequences, frames, 3) == Pool(3, 17, 3 + 2 + 2, 2)  # 2 steps for 3 symbols
    assert Pool.of(sequences, frames, 10) == Pool(3, 17, 3, 1)


def test_nothing_pools_to_nothing() -> None:
    assert Pool.of([], [], 2) == Pool(0, 0, 0, 0)
