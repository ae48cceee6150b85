"""Dynamic time warping of many pairs at once, an anti-diagonal at a time."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
Path = tuple[NDArray[np.int64], NDArray[np.int64]]

_CELLS = 4_000_000
"""How many cells of accumulated cost are held in memory at once."""


def accumulate(costs: Array) -> Array:
    """Accumulated costs of the cheapest paths with steps (1, 0), (0, 1) and (1, 1).

    Args:
        costs: [P, A, B] local costs of P pairs; padding beyond a pair's own lengths only has to
            be finite, because no path into the valid corner crosses it.

    Returns:
        [A + B - 1, P, A]: by anti-diagonal k, the total at (i, k - i); inf outside the matrix.
    """
    pairs, rows, columns = costs.shape
    diagonals = _skew(costs)
    total = np.full((rows + columns - 1, pairs, rows), np.inf, dtype=np.float32)
    total[0, :, 0] = costs[:, 0, 0]
    for k in range(1, rows + columns - 1):
        best = total[k - 1].copy()  # from (i, j - 1)
        np.minimum(best[:, 1:], total[k - 1, :, :-1], out=best[:, 1:])  # from (i - 1, j)
        if k > 1:
            np.minimum(best[:, 1:], total[k - 2, :, :-1], out=best[:, 1:])  # from (i - 1, j - 1)
        total[k] = best + diagonals[k]
    return total


def path_costs(pairs: Iterable[Array]) -> Array:
    """[P] the total cost of the best path of each of P pairs, local costs [A_p, B_p]."""
    totals: list[Array] = []
    for together, rows, columns in _batches(pairs):
        total = accumulate(together)
        totals.append(total[rows + columns - 2, np.arange(len(rows)), rows - 1])
    return np.concatenate(totals)


def best_paths(pairs: Iterable[Array]) -> list[Path]:
    """The cheapest path through the local costs [A_p, B_p] of each pair.

    A path is two index arrays, from (0, 0) on; of equal ones, that with the later diagonal steps.
    """
    return [
        path
        for together, rows, columns in _batches(pairs)
        for path in _traced(accumulate(together), rows - 1, columns - 1)
    ]


def _traced(total: Array, i: NDArray[np.int64], j: NDArray[np.int64]) -> Iterator[Path]:
    """The way back from the corners (i, j), each [P], for all pairs in step."""
    pairs = np.arange(len(i))
    passed = [(i, j)]
    while i.any() or j.any():
        before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        costs = [np.where((k >= 0) & (m >= 0), total[k + m, pairs, k], np.inf) for k, m in before]
        choice = np.argmin(costs, axis=0)
        arrived = (i == 0) & (j == 0)
        i = np.where(arrived | (choice == 2), i, i - 1)
        j = np.where(arrived | (choice == 1), j, j - 1)
        passed.append((i, j))
    rows, columns = np.array(passed[::-1]).transpose(1, 2, 0)  # [P, steps]
    for path in zip(rows, columns, strict=True):
        begin = int(np.flatnonzero(path[0] + path[1] == 0)[-1])  # those before only waited
        yield path[0][begin:], path[1][begin:]


def _batches(
    pairs: Iterable[Array],
) -> Iterator[tuple[Array, NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs padded to [P, A, B], and their lengths [P] in rows and columns."""
    waiting: list[Array] = []
    rows = columns = 0
    for costs in pairs:
        rows, columns = max(rows, len(costs)), max(columns, costs.shape[1])
        if waiting and (len(waiting) + 1) * rows * (rows + columns) > _CELLS:
            yield _padded(waiting)
            waiting, (rows, columns) = [], costs.shape
        waiting.append(costs)
    if waiting:
        yield _padded(waiting)


def _padded(pairs: list[Array]) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    rows, columns = np.array([costs.shape for costs in pairs]).T
    together = np.zeros((len(pairs), int(rows.max()), int(columns.max())), dtype=np.float32)
    for padded, costs in zip(together, pairs, strict=True):
        padded[: len(costs), : costs.shape[1]] = costs
    return together, rows, columns


def _skew(costs: Array) -> Array:
    """[P, A, B] -> [A + B - 1, P, A], entry (k, p, i) = costs[p, i, k - i], inf outside."""
    pairs, rows, columns = costs.shape
    width = rows + columns - 1
    skewed = torch.full((pairs * rows, width), torch.inf)
    # Row i of a pair begins i places further to the right.
    places = skewed.as_strided(costs.shape, (rows * width, width + 1, 1))
    places.copy_(torch.from_numpy(costs))
    # torch transposes in blocks, several times as fast as NumPy.
    return np.asarray(skewed.t().contiguous().numpy()).reshape(width, pairs, rows)
