"""Alignment scores, corrected for chance: has the attention learned to read?

Definitions in ``docs/metrics.md``. All scores lie in [0, 1], float64, and are never NaN.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from trainer.audio import SILENCE

Matrix = NDArray[np.float64]

_DIAGONAL_WIDTH = 0.2
_COVERAGE_SHARE = 0.3
_QUIET = SILENCE + 2.0
_MEDIAN_STEPS = 5
MIN_SIZE = 4
"""Utterances of fewer tokens or steps are not scored in a mean."""


@dataclass(frozen=True)
class AlignmentScores:
    """Each in [0, 1]; ``overall = coverage · diagonal^0.4 · monotonic^0.4 · focus^0.2``."""

    diagonal: float
    monotonic: float
    focus: float
    coverage: float
    overall: float


def score_alignment(alignment: ArrayLike | Tensor) -> AlignmentScores:
    """Score one alignment [T, N] (steps × tokens; array or tensor), already cropped.

    Raises:
        ValueError: not two-dimensional, empty, or with values that are negative or not finite.
    """
    a = _normalised(alignment)
    diagonal, focus, coverage = _diagonal(a), _focus(a), _coverage(a)
    monotonic = _monotonic(a)
    overall = coverage * diagonal**0.4 * monotonic**0.4 * focus**0.2
    return AlignmentScores(diagonal, monotonic, focus, coverage, overall)


def attention_path(alignment: Matrix) -> NDArray[np.int64]:
    """The token each step attends to most, median-filtered over 5 with edge replication: [T]."""
    padded = np.pad(alignment.argmax(axis=1), _MEDIAN_STEPS // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_STEPS)  # [T, 5]
    return np.asarray(np.sort(windows, axis=1)[:, _MEDIAN_STEPS // 2])


def mean_scores(scores: Iterable[AlignmentScores]) -> AlignmentScores:
    """The mean over utterances; all 0 where none could be scored."""
    rows = np.array([astuple(s) for s in scores])
    if not len(rows):
        return AlignmentScores(0.0, 0.0, 0.0, 0.0, 0.0)
    return AlignmentScores(*(float(v) for v in rows.mean(axis=0)))


def crop_silence(alignment: Matrix, mel: NDArray[np.float32], n_frames_per_step: int) -> Matrix:
    """Leave out the leading and trailing steps whose frames are silent on average.

    Args:
        alignment: [T', N].
        mel: [n_mels, T] natural log-mels, ``T' = ceil(T / n_frames_per_step)``.
        n_frames_per_step: the reduction factor.
    """
    starts = np.arange(0, mel.shape[1], n_frames_per_step)
    sizes = np.diff(np.append(starts, mel.shape[1]))
    loudness = np.add.reduceat(mel.mean(axis=0), starts) / sizes
    loud = np.flatnonzero(loudness > _QUIET)
    return alignment[loud[0] : loud[-1] + 1] if len(loud) else alignment


def score_batch(alignments: Sequence[Matrix]) -> AlignmentScores:
    """The mean score of cropped alignments, too short ones left out."""
    return mean_scores(score_alignment(a) for a in alignments if min(a.shape) >= MIN_SIZE)


def _normalised(alignment: ArrayLike | Tensor) -> Matrix:
    if isinstance(alignment, Tensor):
        alignment = alignment.detach().double().cpu().numpy()
    a = np.asarray(alignment, dtype=np.float64)
    if a.ndim != 2 or 0 in a.shape:
        raise ValueError(f"alignment of shape {a.shape}: needs [steps, tokens], neither 0")
    if not np.isfinite(a).all() or (a < 0).any():
        raise ValueError("alignment holds values that are negative or not finite")
    sums = a.sum(axis=1, keepdims=True)
    uniform = np.full_like(a, 1.0 / a.shape[1])
    return np.asarray(np.divide(a, sums, out=uniform, where=sums > 0))


def _diagonal(a: Matrix) -> float:
    """The share of attention near the diagonal, beyond what uniform attention has there."""
    steps, tokens = a.shape
    v = (np.arange(steps) + 0.5) / steps
    u = (np.arange(tokens) + 0.5) / tokens
    kernel = np.exp(-((v[:, None] - u[None, :]) ** 2) / (2 * _DIAGONAL_WIDTH**2))
    near, chance = float((a * kernel).sum(axis=1).mean()), float(kernel.mean())
    return _clip((near - chance) / (1.0 - chance)) if chance < 1.0 else 0.0


def _monotonic(a: Matrix) -> float:
    """Moves forward only, from the first token to the last."""
    path = attention_path(a)
    behind = np.maximum.accumulate(path) - path
    edge = max(1, round(0.05 * len(path)))
    travelled = float(np.median(path[-edge:]) - np.median(path[:edge]))
    reach = 0.9 * (a.shape[1] - 1)
    return float((behind <= 1).mean()) * (_clip(travelled / reach) if reach else 0.0)


def _focus(a: Matrix) -> float:
    """How sharp the rows are, beyond uniform."""
    chance = 1.0 / a.shape[1]
    return _clip((float(a.max(axis=1).mean()) - chance) / (1.0 - chance)) if chance < 1 else 0.0


def _coverage(a: Matrix) -> float:
    """The share of tokens read; each with its neighbours, because some letters are silent."""
    received = a.sum(axis=0)
    window = (
        np.convolve(received, np.ones(3), mode="same")
        if len(received) >= 3
        else (np.full_like(received, received.sum()))
    )
    return float((window >= _COVERAGE_SHARE * a.shape[0] / a.shape[1]).mean())


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
