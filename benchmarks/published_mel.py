"""Log-mels as NVIDIA/tacotron2 computes them: the Fourier transform as a convolution.

Its phases are left out here. Nobody needs them; the public code computes them all the same.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.audio.mel import mel_filterbank
from trainer.hparams import HParams

_FLOOR = 1e-5


class ConvolutionMel:
    """Sines and cosines under a Hann window, as the filters of a convolution with stride."""

    def __init__(self, hparams: HParams) -> None:
        n = hparams.filter_length
        if hparams.win_length != n:
            raise ValueError(f"win_length={hparams.win_length} must be filter_length={n}")
        angles = 2 * np.pi * np.outer(np.arange(n // 2 + 1), np.arange(n)) / n
        basis = torch.from_numpy(np.concatenate((np.cos(angles), -np.sin(angles))))  # [2·bins, n]
        window = torch.hann_window(n, periodic=True, dtype=torch.float64)
        self._basis = (basis * window).float().unsqueeze(1)  # [2·bins, 1, n]
        self._hop, self._edge = hparams.hop_length, n // 2
        self._filters = mel_filterbank(hparams)  # [n_mels, bins]

    def __call__(self, wav: Tensor) -> Tensor:
        """[L] samples in [-1, 1] -> natural log-mels [n_mels, floor(L / hop_length) + 1]."""
        padded = F.pad(wav[None, None], (self._edge, self._edge), mode="reflect")
        real, imaginary = F.conv1d(padded, self._basis, stride=self._hop)[0].chunk(2)
        magnitude = torch.sqrt(real**2 + imaginary**2)  # [bins, T]
        return torch.log(torch.clamp(self._filters @ magnitude, min=_FLOOR))
