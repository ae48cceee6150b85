"""The score table of METRICS: every row and every column."""

from collections.abc import Callable
from dataclasses import astuple
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.alignment import score_alignment

Matrix = NDArray[np.float64]
Generate = Callable[[np.random.Generator, int, int], Matrix]
Range = tuple[float, float]

DRAWS = 100
# The table's ends are rounded to two digits and belong to its author's own draws; how unequal
# durations and how long pauses are is the generators' choice and moves a median by so much.
TOLERANCE = 0.02


def durations(rng: np.random.Generator, n: int, steps: int) -> NDArray[np.int64]:
    """How long each of ``n`` is attended to: random, at least 1, ``steps`` in all."""
    return shared_out(rng.gamma(6.0, size=n), steps)


def shared_out(weights: Matrix, steps: int) -> NDArray[np.int64]:
    spare = steps - len(weights)
    edges = np.round(np.cumsum(weights) / weights.sum() * spare).astype(np.int64)
    return 1 + np.diff(edges, prepend=0)


def read(rng: np.random.Generator, order: NDArray[np.int64], n: int, steps: int) -> Matrix:
    """Hard attention [steps, n] to the tokens in ``order``."""
    return np.eye(n)[np.repeat(order, durations(rng, len(order), steps))]


def perfect(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return read(rng, np.arange(n), n, steps)


def long_pauses(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    """Every 15th token or so lasts as long as eight."""
    weights = rng.gamma(6.0, size=n)
    weights[rng.choice(np.arange(1, n - 1), max(1, n // 15), replace=False)] *= 8.0
    return np.eye(n)[np.repeat(np.arange(n), shared_out(weights, steps))]


def soft(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    centres = np.repeat(np.arange(n), durations(rng, n, steps))
    a = np.exp(-0.5 * (np.arange(n)[None, :] - centres[:, None]) ** 2)
    return a / a.sum(axis=1, keepdims=True)


def half_uniform(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return 0.5 / n + 0.5 * perfect(rng, n, steps)


def repeats(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    """Reads the middle quarter of the text, goes back, and reads it again."""
    quarter = -(-n // 4)
    end = n // 2 + quarter // 2
    order = np.r_[0:end, end - quarter : n]
    return read(rng, order, n, steps)


def skips(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    """Leaves out the middle third."""
    third = round(n / 3)
    start = (n - third) // 2
    return read(rng, np.r_[0:start, start + third : n], n, steps)


def freezes(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    a = perfect(rng, n, steps)
    a[steps // 2 :] = np.eye(n)[n // 2]
    return a


def reads_twice(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return read(rng, np.r_[0:n, 0:n], n, steps)


def uniform(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return np.full((steps, n), 1.0 / n)


def stuck_first(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return np.eye(n)[np.zeros(steps, dtype=np.int64)]


def stuck_middle(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return np.eye(n)[np.full(steps, n // 2)]


def stuck_last(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return np.eye(n)[np.full(steps, n - 1)]


def backwards(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return perfect(rng, n, steps)[:, ::-1]


def random_one_hot(rng: np.random.Generator, n: int, steps: int) -> Matrix:
    return np.eye(n)[rng.integers(n, size=steps)]


ONE: Range = (1.0, 1.0)
ANY: Range = (0.0, 1.0)
NOTHING: tuple[Range, ...] = ((0.0, 0.13), (0.0, 0.03), ANY, ANY, (0.0, 0.0))
SIZES = tuple((n, m * n) for n in (10, 20, 60, 120) for m in (3, 6))

# case: diagonal, monotonic, focus, coverage, overall
TABLE: dict[Generate, tuple[Range, ...]] = {
    perfect: ((0.96, 1.0), ONE, ONE, ONE, (0.98, 1.0)),
    long_pauses: ((0.72, 0.99), ONE, ONE, ONE, (0.88, 0.99)),
    soft: ((0.81, 1.0), ONE, (0.38, 0.40), ONE, (0.75, 0.83)),
    half_uniform: ((0.48, 0.50), ONE, (0.5, 0.5), ONE, (0.65, 0.66)),
    repeats: ((0.82, 0.89), (0.81, 1.0), ONE, ONE, (0.88, 0.93)),
    skips: ((0.77, 0.81), ONE, ONE, (0.68, 0.90), (0.62, 0.81)),
    freezes: ((0.57, 0.63), (0.53, 0.62), ONE, (0.52, 0.70), (0.32, 0.48)),
    reads_twice: ((0.12, 0.15), (0.51, 0.66), ONE, ONE, (0.33, 0.39)),
    uniform: NOTHING,
    stuck_first: NOTHING,
    stuck_middle: NOTHING,
    stuck_last: NOTHING,
    backwards: NOTHING,
    random_one_hot: NOTHING,
}
EXACT = {uniform, stuck_first, stuck_middle, stuck_last, backwards}


@cache
def medians(generate: Generate, n: int, steps: int) -> list[float]:
    rng = np.random.default_rng([n, steps])
    draws = [astuple(score_alignment(generate(rng, n, steps))) for _ in range(DRAWS)]
    return [float(m) for m in np.median(np.array(draws), axis=0)]


@pytest.mark.parametrize(
    ("generate", "n", "steps"),
    [(g, *size) for g in TABLE for size in SIZES if g is not random_one_hot or size[0] >= 20],
)
def test_table(generate: Generate, n: int, steps: int) -> None:
    tolerance = 1e-12 if generate in EXACT else TOLERANCE
    names = ("diagonal", "monotonic", "focus", "coverage", "overall")
    scores = dict(zip(names, medians(generate, n, steps), strict=True))
    ranges = dict(zip(names, TABLE[generate], strict=True))
    outside = {
        name: (score, ranges[name])
        for name, score in scores.items()
        if not ranges[name][0] - tolerance <= score <= ranges[name][1] + tolerance
    }
    assert not outside


def test_the_table_spans_its_ranges() -> None:
    """Ranges mean something only if the sizes reach both ends of them."""
    for generate in (perfect, long_pauses, soft, repeats, skips, freezes, reads_twice):
        overall = [medians(generate, n, steps)[4] for n, steps in SIZES]
        low, high = TABLE[generate][4]
        assert min(overall) == pytest.approx(low, abs=2 * TOLERANCE), generate.__name__
        assert max(overall) == pytest.approx(high, abs=2 * TOLERANCE), generate.__name__
