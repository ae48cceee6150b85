"""How like the recordings the free-running speech is: retrieval, mel distance, MCD."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct

from trainer.validation.dtw import best_path, path_costs
from trainer.validation.held_out import HeldOut, Mel, Spoken

_MCD_SCALE = 10.0 * np.sqrt(2.0) / np.log(10.0)
_MCD_COEFFICIENTS = 13
_CELLS = 20_000_000
"""How many cells of accumulated cost are held in memory at once."""


def retrieval_rate(spoken: Sequence[Mel], recordings: Sequence[Mel], stride: int) -> float:
    """Share of sentences whose speech is nearest to its own recording among all; chance 1/n.

    L1 on mels with each frame's mean over the bins subtracted (else the pauses alone retrieve
    most), DTW cost divided by the sum of both lengths, on every ``stride``-th frame.
    """
    candidates = [_centred(mel[:, ::stride]) for mel in recordings]
    hits = [
        int(np.argmin(_distances(_centred(mel[:, ::stride]), candidates))) == i
        for i, mel in enumerate(spoken)
    ]
    return float(np.mean(hits))


def likeness_metrics(spoken: Spoken, held_out: HeldOut, stride: int) -> dict[str, float]:
    """``free_run.retrieval_rate``, ``mcd`` and, for the quality score, ``phi``."""
    pairs = list(zip(spoken.mels, held_out.mels, strict=True))
    warped = np.mean([_warped_l1(mel, target) for mel, target in pairs])
    mean_l1 = np.mean([np.abs(m - held_out.mean_mel[:, None]).mean() for m in held_out.mels])
    return {
        "free_run.retrieval_rate": retrieval_rate(spoken.mels, held_out.mels, stride),
        "mcd": float(np.mean([mel_cepstral_distortion(mel, target) for mel, target in pairs])),
        "phi": float(np.clip(1.0 - warped / mean_l1, 0.0, 1.0)),
    }


def mel_cepstral_distortion(mel: Mel, target: Mel) -> float:
    """MCD-DTW in dB over 13 cepstral coefficients without c0; [n_mels, T] log-mels each."""
    a, b = _cepstrum(mel), _cepstrum(target)
    costs = _cdist(a, b, p=2.0)
    return float(_MCD_SCALE * costs[best_path(costs)].mean())


def _cepstrum(mel: Mel) -> Mel:
    """[n_mels, T] -> [T, 13]."""
    coefficients = dct(mel, type=2, norm="ortho", axis=0)[1 : _MCD_COEFFICIENTS + 1]
    return np.ascontiguousarray(coefficients.T, dtype=np.float32)


def _warped_l1(mel: Mel, target: Mel) -> float:
    """Mean absolute difference along the DTW path."""
    costs = _cdist(mel.T, target.T, p=1.0) / mel.shape[0]
    return float(costs[best_path(costs)].mean())


def _centred(mel: Mel) -> Mel:
    """[n_mels, T] -> [T, n_mels], each frame without its mean."""
    return np.ascontiguousarray((mel - mel.mean(axis=0)).T, dtype=np.float32)


def _distances(query: Mel, candidates: Sequence[Mel]) -> NDArray[np.float64]:
    """DTW cost / (both lengths) of one query [T, n_mels] to every candidate."""
    longest = max(len(c) for c in candidates)
    chunk = max(1, _CELLS // (len(query) * (len(query) + longest)))
    distances: list[float] = []
    for start in range(0, len(candidates), chunk):
        part = candidates[start : start + chunk]
        lengths = np.array([len(c) for c in part])
        local = _cdist(query, np.concatenate(part), p=1.0)
        costs = np.zeros((len(part), len(query), int(lengths.max())), dtype=np.float32)
        for i, columns in enumerate(np.split(local, np.cumsum(lengths)[:-1], axis=1)):
            costs[i, :, : lengths[i]] = columns
        totals = path_costs(costs, np.full(len(part), len(query)), lengths)
        distances += (totals / (len(query) + lengths)).tolist()
    return np.array(distances)


def _cdist(a: Mel, b: Mel, p: float) -> NDArray[np.float32]:
    """[A, D], [B, D] -> [A, B] distances in the p-norm."""
    x, y = (torch.from_numpy(np.ascontiguousarray(m)) for m in (a, b))
    return np.asarray(torch.cdist(x, y, p=p).numpy())
