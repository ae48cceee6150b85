"""The training and held-out sets of one run."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from trainer.corpus import Corpus, Utterance, split_corpus
from trainer.data.mel_file import Mel
from trainer.data.mel_scale import MelScale
from trainer.data.mel_store import MelStore
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.text import symbol_table, texts_to_sequences

_LEAST_VARIANCE = 1e-3
"""Of log-mels; speech has several units."""

Progress = Callable[[Sequence[Utterance], str], Iterable[Utterance]]
"""Yields the utterances that it is given, and shows how far they are."""


@dataclass(frozen=True)
class Item:
    """One utterance, ready to be batched."""

    utterance: Utterance
    sequence: tuple[int, ...]
    mel_path: Path
    n_frames: int

    def mel(self) -> Mel:
        """Natural log-mels [n_mels, n_frames].

        Raises:
            BadInputError: the file has gone or was damaged since the run began.
        """
        try:
            mel: Mel = np.load(self.mel_path)
        except (OSError, ValueError, EOFError) as error:
            raise BadInputError(
                f"cached mel {self.mel_path} of '{self.utterance.id}' can't be read any more "
                f"({error}); start again, and it is computed anew"
            ) from None
        return mel


@dataclass(frozen=True)
class Dataset:
    """Both sets, and what was measured of the training mels."""

    training: tuple[Item, ...]
    held_out: tuple[Item, ...]
    scale: MelScale
    mean_mel: np.ndarray
    """[n_mels]: the per-bin mean of the training mels, the baseline of not listening."""

    @property
    def baseline_mel_l1(self) -> float:
        """Mean L1 between the held-out log-mels and ``mean_mel``."""
        total = sum(float(np.abs(i.mel() - self.mean_mel[:, None]).sum()) for i in self.held_out)
        return total / sum(i.n_frames * len(self.mean_mel) for i in self.held_out)

    @property
    def fingerprint(self) -> str:
        """The sha256 of what is trained and validated on: recordings, symbols, order."""
        digest = hashlib.sha256()
        for item in (*self.training, *self.held_out):  # a mel's name stands for its content
            digest.update(f"{item.utterance.id}|{item.mel_path.name}|{item.sequence}\n".encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class _Measured:
    """A stored mel, and its share of the training set's mean and deviation (float64)."""

    path: Path
    n_frames: int
    total: np.ndarray
    """[n_mels]: the sum over frames."""
    squares: float


def build_datasets(
    corpus: Corpus,
    hparams: HParams,
    store: MelStore,
    progress: Progress,
    workers: int | None = None,
) -> Dataset:
    """Split the corpus, verify its mels and compute missing ones, measure the training set.

    Args:
        corpus: what to train on.
        hparams: the run's.
        store: where mels are kept; afterwards ``store.repaired`` names those found damaged.
        progress: shows how far it is.
        workers: threads that read and compute mels; as many as torch's where None.

    Raises:
        BadInputError: the corpus is too small, a recording can't be read, the store can't be
            written, or phonemes lack espeak-ng.
    """
    split = split_corpus(corpus)
    utterances = (*split.training, *split.held_out)
    sequences = texts_to_sequences(
        [utterance.text for utterance in utterances], corpus.language,
        symbol_table(hparams.symbols), hparams.append_eos,
    )  # fmt: skip
    with _threads(workers) as pool:
        training = _measured(split.training, store, pool, progress, "mels")
        held_out = _measured(split.held_out, store, pool, progress, "held-out mels")
    mean_mel, scale = _scale(training, hparams)
    items = tuple(
        Item(utterance, tuple(sequence), mel.path, mel.n_frames)
        for utterance, sequence, mel in zip(
            utterances, sequences, (*training, *held_out), strict=True
        )
    )
    n_training = len(split.training)
    return Dataset(items[:n_training], items[n_training:], scale, mean_mel)


@contextmanager
def _threads(workers: int | None) -> Iterator[ThreadPoolExecutor]:
    """A pool in which torch computes with one thread each: the same bits, however many there are.

    Decoding, checksums, FFTs and products let other threads run, so that processes aren't needed.
    """
    n_torch = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(workers or n_torch, thread_name_prefix="mels")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(n_torch)


def _measured(
    utterances: Sequence[Utterance],
    store: MelStore,
    pool: ThreadPoolExecutor,
    progress: Progress,
    what: str,
) -> list[_Measured]:
    """Fetch every mel; an utterance counts as done when its own is there."""

    def measure(utterance: Utterance) -> _Measured:
        stored = store.fetch(utterance)
        mel = stored.mel.astype(np.float64)
        return _Measured(stored.path, mel.shape[1], mel.sum(axis=1), float((mel**2).sum()))

    results = pool.map(measure, utterances)
    return [result for _, result in zip(progress(utterances, what), results, strict=True)]


def _scale(mels: Sequence[_Measured], hparams: HParams) -> tuple[np.ndarray, MelScale]:
    """The per-bin mean [n_mels] of the training mels, and the scalar scale."""
    count, total, squares = 0, np.zeros(hparams.n_mel_channels), 0.0
    for mel in mels:
        count += mel.n_frames
        total += mel.total
        squares += mel.squares
    mean_mel = total / count
    if hparams.mel_normalisation == "none":
        return mean_mel, MelScale()
    mean = float(mean_mel.mean())
    variance = squares / (count * hparams.n_mel_channels) - mean**2
    if variance < _LEAST_VARIANCE:
        raise BadInputError(
            "the training recordings are all silence or one unchanging sound: nothing can be "
            "learned from them; check them with smart-tuner corpus check"
        )
    return mean_mel, MelScale(mean, float(np.sqrt(variance)))
