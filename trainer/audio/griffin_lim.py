"""Griffin-Lim: a waveform from a log-mel spectrogram, without a trained vocoder."""

import numpy as np
import torch
from torch import Tensor

from trainer.audio.mel import frame_margins, mel_filterbank
from trainer.hparams import HParams

_MOMENTUM = 0.99
_LOUDEST = 6.0  # no real recording exceeds it; what an untrained model says must not overflow


def griffin_lim(mel: Tensor, hparams: HParams, n_iterations: int = 32, seed: int = 0) -> np.ndarray:
    """Fast Griffin-Lim (Perraudin et al. 2013, doi 10.1109/WASPAA.2013.6701851).

    Args:
        mel: [n_mels, T] natural log-mels.
        hparams: the audio parameters that the mel was made with.
        n_iterations: rounds of phase estimation.
        seed: of the random first phase, so that the same mel gives the same sound.

    Returns:
        float32 samples in [-1, 1], those that the mel was made of: ``(T - 1) * hop_length`` of
        them, or ``T * hop_length`` where ``mel_framing`` is ``hifigan``.
    """
    if not mel.shape[1]:
        return np.zeros(0, dtype=np.float32)
    magnitude = _linear_magnitude(mel.float().cpu(), hparams)
    window = torch.hann_window(hparams.win_length, periodic=True)
    magnitude, sound = _from_centre_to_centre(magnitude, hparams)
    if sound.stop <= hparams.filter_length:
        magnitude = torch.nn.functional.pad(magnitude, (0, 8))
    generator = torch.Generator().manual_seed(seed)
    angles = torch.polar(
        torch.ones_like(magnitude),
        2 * torch.pi * torch.rand(magnitude.shape, generator=generator),
    )
    previous = torch.zeros_like(angles)
    sizes = (hparams.filter_length, hparams.hop_length, hparams.win_length)
    for _ in range(n_iterations):
        wav = torch.istft(magnitude * angles, *sizes, window=window)
        rebuilt = torch.stft(wav, *sizes, window=window, return_complex=True)
        rebuilt = rebuilt[:, : magnitude.shape[1]]
        angles = rebuilt - previous * (_MOMENTUM / (1 + _MOMENTUM))
        angles = angles / angles.abs().clamp(min=1e-16)
        previous = rebuilt
    wav = torch.istft(magnitude * angles, *sizes, window=window)[sound]
    peak = max(1.0, float(wav.abs().max())) if wav.numel() else 1.0
    return np.asarray(wav / peak, dtype=np.float32)


def _from_centre_to_centre(magnitude: Tensor, hparams: HParams) -> tuple[Tensor, slice]:
    """Frames whose centres enclose the sound, and where between the outer centres it lies.

    The inverse transform reaches from the first frame's centre to the last one's. HiFi-GAN's
    centres lie half a hop inside the sound: one more frame at each end makes up for it.
    """
    hop, frames = hparams.hop_length, magnitude.shape[1]
    if hparams.mel_framing == "centered":
        return magnitude, slice(0, (frames - 1) * hop)
    first_centre = hparams.filter_length // 2 - frame_margins(hparams)[0]
    begin = hop - first_centre
    enclosed = torch.nn.functional.pad(magnitude, (1, 1), mode="replicate")
    return enclosed, slice(begin, begin + frames * hop)


def _linear_magnitude(mel: Tensor, hparams: HParams) -> Tensor:
    """The least-squares magnitude spectrogram [F, T] of a log-mel [n_mels, T], floored at 0."""
    filters = mel_filterbank(hparams)
    amplitudes = torch.exp(mel.clamp(max=_LOUDEST))
    magnitude: Tensor = (torch.linalg.pinv(filters) @ amplitudes).clamp(min=1e-10)
    return magnitude
