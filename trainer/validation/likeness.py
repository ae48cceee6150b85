"""How like the recordings the free-running speech is: retrieval, mel distance, MCD."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.validation.dtw import best_paths, path_costs
from trainer.validation.held_out import HeldOut, Mel, Spoken

_MCD_SCALE = 10.0 * np.sqrt(2.0) / np.log(10.0)
_MCD_COEFFICIENTS = 13


def retrieval_rate(spoken: Sequence[Mel], recordings: Sequence[Mel], stride: int) -> float:
    """Share of sentences whose speech is nearest to its own recording among all; chance 1/n.

    L1 on mels with each frame's mean over the bins subtracted (else the pauses alone retrieve
    most), DTW cost divided by the sum of both lengths, on every ``stride``-th frame.
    """
    queries = [_centred(mel[:, ::stride]) for mel in spoken]
    candidates = [_centred(mel[:, ::stride]) for mel in recordings]
    nearest = _distances(queries, candidates).argmin(axis=1)
    return float(np.mean(nearest == np.arange(len(queries))))


def likeness_metrics(spoken: Spoken, held_out: HeldOut, stride: int) -> dict[str, float]:
    """``free_run.retrieval_rate``, ``mcd`` and, for the quality score, ``phi``."""
    pairs = list(zip(spoken.mels, held_out.mels, strict=True))
    warped = np.mean(_warped_l1(pairs))
    mean_l1 = np.mean([np.abs(m - held_out.mean_mel[:, None]).mean() for m in held_out.mels])
    return {
        "free_run.retrieval_rate": retrieval_rate(spoken.mels, held_out.mels, stride),
        "mcd": float(np.mean(mel_cepstral_distortions(pairs))),
        "phi": float(np.clip(1.0 - warped / mean_l1, 0.0, 1.0)),
    }


def mel_cepstral_distortion(mel: Mel, target: Mel) -> float:
    """MCD-DTW in dB over 13 cepstral coefficients without c0; [n_mels, T] log-mels each."""
    return mel_cepstral_distortions([(mel, target)])[0]


def mel_cepstral_distortions(pairs: Sequence[tuple[Mel, Mel]]) -> list[float]:
    """:func:`mel_cepstral_distortion` of each pair."""
    costs = [_cdist(_cepstrum(mel), _cepstrum(target), p=2.0) for mel, target in pairs]
    return [_MCD_SCALE * mean for mean in _along_paths(costs)]


def _cepstrum(mel: Mel) -> Mel:
    """[n_mels, T] -> [T, 13], by the orthonormal DCT-II."""
    n_mels = len(mel)
    centres = (np.arange(n_mels) + 0.5) / n_mels
    orders = np.arange(1, _MCD_COEFFICIENTS + 1)
    basis = np.sqrt(2.0 / n_mels) * np.cos(np.pi * np.outer(centres, orders))  # [n_mels, 13]
    return np.asarray(mel.T @ basis, dtype=np.float32)


def _warped_l1(pairs: Sequence[tuple[Mel, Mel]]) -> list[float]:
    """Mean absolute difference along the DTW path of each pair."""
    return _along_paths(
        [_cdist(mel.T, target.T, p=1.0) / np.float32(len(mel)) for mel, target in pairs]
    )


def _along_paths(pairs: Sequence[NDArray[np.float32]]) -> list[float]:
    """The mean of each pair's local costs [A, B] along its DTW path."""
    paths = best_paths(pairs)
    return [float(costs[path].mean()) for costs, path in zip(pairs, paths, strict=True)]


def _centred(mel: Mel) -> Mel:
    """[n_mels, T] -> [T, n_mels], each frame without its mean."""
    return np.ascontiguousarray((mel - mel.mean(axis=0)).T, dtype=np.float32)


def _distances(queries: Sequence[Mel], candidates: Sequence[Mel]) -> NDArray[np.float64]:
    """[Q, C] DTW cost / (both lengths) of each query [T, n_mels] to each candidate."""
    ends = np.cumsum([len(candidate) for candidate in candidates])
    together = np.concatenate(candidates)

    def pairs() -> Iterator[NDArray[np.float32]]:
        for query in queries:
            yield from np.split(_cdist(query, together, p=1.0), ends[:-1], axis=1)

    lengths = np.array([[len(query) + len(c) for c in candidates] for query in queries])
    return np.asarray(path_costs(pairs()).reshape(lengths.shape) / lengths)


def _cdist(a: Mel, b: Mel, p: float) -> NDArray[np.float32]:
    """[A, D], [B, D] -> [A, B] distances in the p-norm."""
    x, y = (torch.from_numpy(np.ascontiguousarray(m)) for m in (a, b))
    return np.asarray(torch.cdist(x, y, p=p).numpy())
