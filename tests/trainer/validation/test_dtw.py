"""Dynamic time warping against the textbook's loop."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from trainer.validation import dtw
from trainer.validation.dtw import accumulate, best_paths, path_costs

Costs = NDArray[np.float32]

costs_of = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: arrays.arrays(
        np.float32, shape, elements=st.floats(0, 100, width=32).map(lambda x: round(x * 8) / 8)
    )
)


def slow_totals(costs: Costs) -> NDArray[np.float64]:
    total = np.full(costs.shape, np.inf)
    for i, j in itertools.product(*map(range, costs.shape)):
        before = [
            total[k, m] for k, m in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if min(k, m) >= 0
        ]
        total[i, j] = costs[i, j] + (min(before) if before else 0.0)
    return total


@given(costs_of)
def test_totals(costs: Costs) -> None:
    rows, columns = costs.shape
    total, expected = accumulate(costs[None]), slow_totals(costs)
    assert total.shape == (rows + columns - 1, 1, rows)
    for i, j in itertools.product(range(rows), range(columns)):
        assert total[i + j, 0, i] == expected[i, j]


@given(costs_of)
def test_the_best_path_is_a_path_and_the_best(costs: Costs) -> None:
    ((rows, columns),) = best_paths([costs])
    assert (rows[0], columns[0]) == (0, 0)
    assert (rows[-1], columns[-1]) == (costs.shape[0] - 1, costs.shape[1] - 1)
    steps = set(zip(np.diff(rows).tolist(), np.diff(columns).tolist(), strict=True))
    assert steps <= {(0, 1), (1, 0), (1, 1)}
    assert costs[rows, columns].sum() == slow_totals(costs)[-1, -1]


@pytest.mark.parametrize("cells", [1, 200, 10**6])
@given(pairs=st.lists(costs_of, min_size=1, max_size=7))
def test_many_pairs_at_once(cells: int, pairs: list[Costs]) -> None:
    """However many are computed together, each comes out as it would alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dtw, "_CELLS", cells)
        totals, paths = path_costs(pairs), best_paths(pairs)
    assert totals.tolist() == [slow_totals(costs)[-1, -1] for costs in pairs]
    for costs, path in zip(pairs, paths, strict=True):
        ((rows, columns),) = best_paths([costs])
        assert np.array_equal(path[0], rows)
        assert np.array_equal(path[1], columns)


def test_the_same_sequence_takes_the_diagonal() -> None:
    x = np.random.default_rng(0).normal(size=(50, 8))
    costs = np.abs(x[:, None] - x[None]).sum(axis=2).astype(np.float32)
    ((rows, columns),) = best_paths([costs])
    assert rows.tolist() == columns.tolist() == list(range(50))


@pytest.mark.parametrize("repeat", [2, 3])
def test_a_slower_speaker_costs_nothing(repeat: int) -> None:
    x = np.random.default_rng(0).normal(size=(30, 8))
    slow = x.repeat(repeat, axis=0)
    costs = np.abs(x[:, None] - slow[None]).sum(axis=2).astype(np.float32)
    ((rows, columns),) = best_paths([costs])
    assert costs[rows, columns].sum() == 0
    assert len(rows) == 30 * repeat
