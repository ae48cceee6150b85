"""The training and held-out sets of one run."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.corpus import Corpus, Utterance, split_corpus
from trainer.data.mel_scale import MelScale
from trainer.data.mel_store import MelStore
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.text import Language, symbol_table, text_to_sequence

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

    def mel(self) -> np.ndarray:
        """Natural log-mels [n_mels, n_frames], float32."""
        return np.asarray(np.load(self.mel_path, mmap_mode="r"))


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


def build_datasets(
    corpus: Corpus, hparams: HParams, store: MelStore, progress: Progress
) -> Dataset:
    """Split the corpus, compute missing mels, measure the training set.

    Raises:
        BadInputError: the corpus is too small, or a recording can't be read.
    """
    split = split_corpus(corpus)
    training = _items(progress(split.training, "mels"), corpus.language, hparams, store)
    held_out = _items(progress(split.held_out, "held-out mels"), corpus.language, hparams, store)
    mean_mel, scale = _measure(training, hparams)
    return Dataset(training, held_out, scale, mean_mel)


def _items(
    utterances: Iterable[Utterance], language: Language, hparams: HParams, store: MelStore
) -> tuple[Item, ...]:
    table = symbol_table(hparams.symbols)
    items = []
    for utterance in utterances:
        path = store.prepare(utterance)
        sequence = text_to_sequence(utterance.text, language, table, hparams.append_eos)
        n_frames = np.load(path, mmap_mode="r").shape[1]
        items.append(Item(utterance, tuple(sequence), path, n_frames))
    return tuple(items)


def _measure(items: tuple[Item, ...], hparams: HParams) -> tuple[np.ndarray, MelScale]:
    """The per-bin mean [n_mels] and the scalar scale, one pass, float64."""
    count, total, squares = 0, np.zeros(hparams.n_mel_channels), 0.0
    for item in items:
        mel = item.mel().astype(np.float64)
        count += mel.shape[1]
        total += mel.sum(axis=1)
        squares += float((mel**2).sum())
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
