"""From mel spectrogram to sound: what every vocoder does."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Samples = NDArray[np.float32]


class Vocoder(Protocol):
    """Makes sound of a log-mel."""

    @property
    def name(self) -> str:
        """What a report calls it."""

    def __call__(self, mel: Tensor) -> Samples:
        """[n_mels, T] natural log-mels, T at least 1 -> samples in [-1, 1]."""
