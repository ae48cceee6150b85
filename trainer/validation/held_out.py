"""The held-out recordings as arrays, and both ways the model speaks them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.data import Batch, Dataset, collate
from trainer.hparams import HParams
from trainer.model import Tacotron2

Mel = NDArray[np.float32]
Alignment = NDArray[np.float64]

LENGTH_RATIO_MAX = 1.6
"""Speech longer than this share of the recording counts as not having stopped."""
_HEADROOM = 1.1


@dataclass(frozen=True)
class HeldOut:
    """The fixed set that every validation uses."""

    batch: Batch
    mels: tuple[Mel, ...]
    """Natural log-mels of the recordings, each [n_mels, T_i]."""
    mean_mel: NDArray[np.float64]
    """[n_mels] of the training set."""
    dataset: Dataset

    @classmethod
    def of(cls, dataset: Dataset, device: torch.device) -> "HeldOut":
        """Load the held-out set once."""
        return cls(
            batch=collate(dataset.held_out, dataset.scale).to(device),
            mels=tuple(np.array(item.mel()) for item in dataset.held_out),
            mean_mel=dataset.mean_mel,
            dataset=dataset,
        )

    def __len__(self) -> int:
        return len(self.mels)


@dataclass(frozen=True)
class Forced:
    """Teacher-forced outputs, cut to each utterance's length and unnormalised."""

    mels: tuple[Mel, ...]
    mels_before_postnet: tuple[Mel, ...]
    gates: tuple[NDArray[np.float64], ...]
    """Logits, one array [T'_i] an utterance."""
    alignments: tuple[Alignment, ...]


@dataclass(frozen=True)
class Spoken:
    """Free-running outputs, cut at each utterance's stop and unnormalised."""

    mels: tuple[Mel, ...]
    alignments: tuple[Alignment, ...]
    stopped: tuple[bool, ...]


@torch.no_grad()
def teacher_forced(model: Tacotron2, held_out: HeldOut) -> Forced:
    """Run the model over the recordings."""
    batch, restore = held_out.batch, held_out.dataset.scale.restore
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    after = restore(outputs.mel_outputs_postnet).float().cpu().numpy()
    before = restore(outputs.mel_outputs).float().cpu().numpy()
    gates = outputs.gate_outputs.double().cpu().numpy()
    alignments = outputs.alignments.double().cpu().numpy()
    sizes = _sizes(held_out, model.hparams)
    return Forced(
        mels=tuple(after[i, :, :frames] for i, (frames, _, _) in enumerate(sizes)),
        mels_before_postnet=tuple(before[i, :, :frames] for i, (frames, _, _) in enumerate(sizes)),
        gates=tuple(gates[i, :steps] for i, (_, steps, _) in enumerate(sizes)),
        alignments=tuple(alignments[i, :steps, :n] for i, (_, steps, n) in enumerate(sizes)),
    )


def free_running(model: Tacotron2, held_out: HeldOut) -> Spoken:
    """Have the model speak the held-out texts, in one batch."""
    batch, r = held_out.batch, model.hparams.n_frames_per_step
    longest = int(batch.mel_lengths.max())
    cap = int(np.ceil(longest * LENGTH_RATIO_MAX * _HEADROOM / r)) + 1
    outputs = model.infer(batch.text, batch.text_lengths, cap)
    mels = held_out.dataset.scale.restore(outputs.mel_outputs_postnet).float().cpu().numpy()
    alignments = outputs.alignments.double().cpu().numpy()
    lengths = outputs.mel_lengths.tolist()
    tokens = batch.text_lengths.tolist()
    return Spoken(
        mels=tuple(mels[i, :, :frames] for i, frames in enumerate(lengths)),
        alignments=tuple(
            alignments[i, : frames // r, : tokens[i]] for i, frames in enumerate(lengths)
        ),
        stopped=tuple(outputs.stopped.tolist()),
    )


def _sizes(held_out: HeldOut, hparams: HParams) -> list[tuple[int, int, int]]:
    """Frames, decoder steps and tokens of each utterance."""
    batch, r = held_out.batch, hparams.n_frames_per_step
    return [
        (frames, -(-frames // r), tokens)
        for frames, tokens in zip(
            batch.mel_lengths.tolist(), batch.text_lengths.tolist(), strict=True
        )
    ]
