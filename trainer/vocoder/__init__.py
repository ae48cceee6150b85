"""Vocoders: from mel spectrogram to sound."""

from pathlib import Path

import torch

from trainer.hparams import HParams
from trainer.vocoder.griffin_lim import GriffinLim
from trainer.vocoder.hifigan_vocoder import HifiGan, load_hifigan
from trainer.vocoder.vocoder import Samples, Vocoder

__all__ = ["GriffinLim", "HifiGan", "Samples", "Vocoder", "load_hifigan", "load_vocoder"]


def load_vocoder(path: Path | None, hparams: HParams, device: torch.device) -> Vocoder:
    """HiFi-GAN from ``path``; Griffin-Lim where it is None."""
    return GriffinLim(hparams) if path is None else load_hifigan(path, hparams, device)
