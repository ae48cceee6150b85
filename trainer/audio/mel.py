"""Log-mel spectrograms compatible with public Tacotron 2 and HiFi-GAN models (METRICS)."""

import math

import numpy as np
import torch
from torch import Tensor

from trainer.hparams import HParams

_FLOOR = 1e-5
_HIFIGAN_POWER = 1e-9  # HiFi-GAN adds it to the power spectrum, so that the root has a gradient
SILENCE = math.log(_FLOOR)
"""The log-mel value of silence, -11.513."""


def mel_filterbank(hparams: HParams) -> Tensor:
    """Slaney's mel filters with Slaney's area normalisation: [n_mels, filter_length/2 + 1]."""
    edges = _mel_to_hz(
        np.linspace(
            _hz_to_mel(hparams.mel_fmin), _hz_to_mel(hparams.mel_fmax), hparams.n_mel_channels + 2
        )
    )
    bins = np.linspace(0.0, hparams.sampling_rate / 2, hparams.filter_length // 2 + 1)
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    area = 2.0 / (edges[2:] - edges[:-2])
    return torch.from_numpy((triangles * area[:, None]).astype(np.float32))


class MelExtractor:
    """Computes log-mels for one set of audio hparams; the filters are made once."""

    def __init__(self, hparams: HParams) -> None:
        self.hparams = hparams
        self.filters = mel_filterbank(hparams)
        self.window = torch.hann_window(hparams.win_length, periodic=True)

    def magnitude(self, wav: Tensor) -> Tensor:
        """[L] samples in [-1, 1] -> [filter_length/2 + 1, T]."""
        margins = frame_margins(self.hparams)
        # Reflection needs more samples than it mirrors; a shorter sound is padded with silence.
        mode = "reflect" if wav.shape[0] > max(margins) else "constant"
        padded = torch.nn.functional.pad(wav[None, None], margins, mode=mode)[0, 0]
        if padded.shape[0] < self.hparams.filter_length:  # less than a frame
            return padded.new_zeros(self.filters.shape[1], 0)
        spectrum = torch.stft(
            padded,
            n_fft=self.hparams.filter_length,
            hop_length=self.hparams.hop_length,
            win_length=self.hparams.win_length,
            window=self.window,
            center=False,
            return_complex=True,
        )
        if self.hparams.mel_framing == "hifigan":
            return torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + _HIFIGAN_POWER)
        return spectrum.abs()

    def __call__(self, wav: Tensor) -> Tensor:
        """[L] samples in [-1, 1] -> natural log-mels [n_mels, T]."""
        return torch.log(torch.clamp(self.filters @ self.magnitude(wav), min=_FLOOR))


def frame_margins(hparams: HParams) -> tuple[int, int]:
    """How many samples are padded before and after a sound.

    ``centered``: frame t lies around sample t · hop_length, and floor(L / hop_length) + 1 frames
    reach from the first sample to the last. ``hifigan``: frame t lies around the middle of samples
    t · hop_length to (t + 1) · hop_length, which a vocoder makes of it; there are
    floor(L / hop_length) frames, as in HiFi-GAN (Kong et al. 2020, arXiv 2010.05646).
    """
    if hparams.mel_framing == "centered":
        return (hparams.filter_length // 2,) * 2
    both = hparams.filter_length - hparams.hop_length
    return both // 2, both - both // 2


def mel_spectrogram(
    wav: Tensor | np.ndarray, sampling_rate: int, hparams: HParams | None = None
) -> Tensor:
    """Natural log-mels of a sound.

    Args:
        wav: [L] samples in [-1, 1] at ``sampling_rate``.
        sampling_rate: in Hz; must be the hparams' own.
        hparams: the audio parameters; the defaults where None.

    Returns:
        [n_mels, floor(L / hop_length) + 1], without the 1 where ``mel_framing`` is ``hifigan``.
        Silence is ``SILENCE`` (-11.513).

    Raises:
        ValueError: the sampling rate differs from the hparams'.
    """
    hparams = hparams or HParams()
    if sampling_rate != hparams.sampling_rate:
        raise ValueError(
            f"sampling_rate={sampling_rate}, but hparams say {hparams.sampling_rate}: resample"
        )
    return MelExtractor(hparams)(torch.as_tensor(wav, dtype=torch.float32))


def _hz_to_mel(hz: float) -> float:
    """Slaney's scale: linear below 1000 Hz, logarithmic above."""
    if hz < 1000.0:
        return hz * 3.0 / 200.0
    return 15.0 + 27.0 * math.log(hz / 1000.0) / math.log(6.4)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27))
