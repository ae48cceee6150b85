"""Padded batches."""

from collections.abc import Sequence
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
        """The same batch on ``device``."""
        return Batch(
            self.text.to(device),
            self.text_lengths.to(device),
            self.mels.to(device),
            self.mel_lengths.to(device),
            self.ids,
        )


def collate(items: Sequence[Item], scale: MelScale) -> Batch:
    """Pad ``items`` to one batch."""
    text_lengths = torch.tensor([len(item.sequence) for item in items])
    mel_lengths = torch.tensor([item.n_frames for item in items])
    mels = [item.mel() for item in items]
    text = torch.zeros(len(items), int(text_lengths.max()), dtype=torch.long)
    padded = np.full(
        (len(items), mels[0].shape[0], int(mel_lengths.max())), scale.silence, dtype=np.float32
    )
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
