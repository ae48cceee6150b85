"""What is trained on and spoken: sizes of models, batches of random numbers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from trainer.hparams import HParams

_SHORTEST = 0.8
"""Of the longest utterance, in a batch of alike lengths."""

# Small enough for a test; the figures say nothing.
_QUICK: dict[str, Any] = {
    "symbols_embedding_dim": 16, "encoder_embedding_dim": 16, "attention_rnn_dim": 16,
    "attention_dim": 8, "attention_location_n_filters": 4, "attention_location_kernel_size": 5,
    "decoder_rnn_dim": 16, "prenet_dims": (8, 8), "postnet_embedding_dim": 16,
}  # fmt: skip


@dataclass(frozen=True)
class TrainingBatch:
    """B utterances, the longest text and mel first."""

    text: Tensor
    """[B, N] int64."""
    text_lengths: Tensor
    """[B]."""
    mels: Tensor
    """[B, n_mels, T]."""
    mel_lengths: Tensor
    """[B]."""
    gates: Tensor
    """[B, T / r]: 1 from the last step on."""


@dataclass(frozen=True)
class Workload:
    """A model's size, and how much it is given at once."""

    title: str
    hparams: HParams
    size: int
    """Utterances."""
    n_frames: int
    """Of the longest utterance; a multiple of r."""
    n_tokens: int
    """Of the longest text."""

    def batch(self, device: torch.device) -> TrainingBatch:
        """The same random numbers each time, on ``device``."""
        generator = torch.Generator().manual_seed(7)
        r = self.hparams.n_frames_per_step
        mel_lengths = _lengths(self.size, self.n_frames)
        text_lengths = _lengths(self.size, self.n_tokens)
        text = torch.randint(1, 148, (self.size, self.n_tokens), generator=generator)
        text.masked_fill_(torch.arange(self.n_tokens) >= text_lengths[:, None], 0)
        shape = self.size, self.hparams.n_mel_channels, self.n_frames
        mels = torch.randn(shape, generator=generator)
        mels.masked_fill_((torch.arange(self.n_frames) >= mel_lengths[:, None])[:, None], 0.0)
        gates = (torch.arange(0, self.n_frames, r) >= mel_lengths[:, None] - r).float()
        batch = text, text_lengths, mels, mel_lengths, gates
        return TrainingBatch(*(tensor.to(device) for tensor in batch))

    def texts(self, device: torch.device) -> Tensor:
        """[B, N] texts of one length, to speak."""
        generator = torch.Generator().manual_seed(7)
        return torch.randint(1, 148, (self.size, self.n_tokens), generator=generator).to(device)


def full(size: int, *, quick: bool = False) -> Workload:
    """The published model, about 500 frames and 80 tokens an utterance."""
    hparams = _hparams("tacotron2", quick)
    if quick:
        return Workload(f"small, batch {size}", hparams, size, 24, 8)
    return Workload(f"full size, batch {size}", hparams, size, 500, 80)


def demo(*, quick: bool = False) -> Workload:
    """The preset ``demo``: 240 frames and 40 tokens an utterance, 12 of them."""
    hparams = _hparams("demo", quick)
    if quick:
        return Workload("small demo", hparams, hparams.batch_size, 24, 8)
    return Workload(f"demo, batch {hparams.batch_size}", hparams, hparams.batch_size, 240, 40)


def _hparams(preset: str, quick: bool) -> HParams:
    changes = {"symbols": "nvidia", "append_eos": False, **(_QUICK if quick else {})}
    return HParams.model_validate({**HParams.preset(preset).model_dump(), **changes})


def _lengths(size: int, longest: int) -> Tensor:
    """[B] evenly from ``longest`` down."""
    return torch.linspace(longest, _SHORTEST * longest, size).round().long()
