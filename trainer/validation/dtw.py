"""Dynamic time warping of many pairs at once, an anti-diagonal at a time."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


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


def path_costs(costs: Array, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """[P] the total cost of each pair's best path; ``rows`` and ``columns`` [P] are its lengths."""
    total = accumulate(costs)
    return np.asarray(total[rows + columns - 2, np.arange(len(rows)), rows - 1])


def best_path(costs: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cheapest path through [A, B] local costs, as two index arrays from (0, 0) on."""
    total = accumulate(costs[None])[:, 0]
    i, j = costs.shape[0] - 1, costs.shape[1] - 1
    path = [(i, j)]
    while i or j:
        steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        i, j = min((s for s in steps if min(s) >= 0), key=lambda s: float(total[s[0] + s[1], s[0]]))
        path.append((i, j))
    rows, columns = np.array(path[::-1]).T
    return rows, columns


def _skew(costs: Array) -> Array:
    """[P, A, B] -> [A + B - 1, P, A], entry (k, p, i) = costs[p, i, k - i], inf outside."""
    pairs, rows, columns = costs.shape
    width = rows + columns
    padded = np.full((pairs, rows, width), np.inf, dtype=np.float32)
    padded[:, :, :columns] = costs
    # Read with rows one shorter than they were written, each row moves one place to the right.
    flat = padded.reshape(pairs, -1)[:, : rows * (width - 1)]
    return np.ascontiguousarray(flat.reshape(pairs, rows, width - 1).transpose(2, 0, 1))
