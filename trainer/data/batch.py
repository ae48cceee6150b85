"""Padded batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainer.data.dataset import Item
from trainer.data.mel_scale import MelScale


@dataclass(frozen=True)
class Batch:
    """B utterances, padded to the longest."""

    text: Tensor
    """[B, N] int64, padded with symbol 0."""
    text_lengths: Tensor
    """[B]."""
    mels: Tensor
    """[B, n_mels, T], model units, padded with silence."""
    mel_lengths: Tensor
    """[B] frames."""
    ids: tuple[str, ...]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on ``device``; a pinned one is copied while the CPU goes on."""
        return self._changed(lambda t: t.to(device, non_blocking=t.is_pinned()))

    def pin_memory(self) -> "Batch":
        """The same batch in pinned memory, from which a GPU copies by itself."""
        return self._changed(Tensor.pin_memory)

    def __reduce__(self) -> tuple[Callable[..., "Batch"], tuple[object, ...]]:
        # Between processes batches go as plain bytes. torch would put each tensor into shared
        # memory, of which containers have 64 MB, and keep a file open for it.
        arrays = (self.text, self.text_lengths, self.mels, self.mel_lengths)
        return _unpacked, (*(tensor.numpy() for tensor in arrays), self.ids)

    def _changed(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            change(self.text),
            change(self.text_lengths),
            change(self.mels),
            change(self.mel_lengths),
            self.ids,
        )


def _unpacked(
    text: np.ndarray,
    text_lengths: np.ndarray,
    mels: np.ndarray,
    mel_lengths: np.ndarray,
    ids: tuple[str, ...],
) -> Batch:
    tensor = torch.from_numpy
    return Batch(tensor(text), tensor(text_lengths), tensor(mels), tensor(mel_lengths), ids)


def collate(items: Sequence[Item], scale: MelScale, n_tokens: int = 0, n_frames: int = 0) -> Batch:
    """Pad ``items`` to one batch: to the longest, or to ``n_tokens`` and ``n_frames`` if larger."""
    text_lengths = torch.tensor([len(item.sequence) for item in items])
    mel_lengths = torch.tensor([item.n_frames for item in items])
    mels = [item.mel() for item in items]
    n_tokens = max(n_tokens, int(text_lengths.max()))
    n_frames = max(n_frames, int(mel_lengths.max()))
    text = torch.zeros(len(items), n_tokens, dtype=torch.long)
    shape = len(items), mels[0].shape[0], n_frames
    padded = np.full(shape, scale.silence, dtype=np.float32)
    for row, (item, mel) in enumerate(zip(items, mels, strict=True)):
        text[row, : len(item.sequence)] = torch.tensor(item.sequence)
        padded[row, :, : mel.shape[1]] = scale.normalise(mel)
    return Batch(
        text,
        text_lengths,
        torch.from_numpy(padded),
        mel_lengths,
        tuple(item.utterance.id for item in items),
    )
