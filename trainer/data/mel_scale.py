"""The scalar normalisation between log-mels and the model's units."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from torch import Tensor

from trainer.audio import SILENCE

Mel = TypeVar("Mel", Tensor, np.ndarray)


@dataclass(frozen=True)
class MelScale:
    """``model units = (log-mel - mean) / deviation``; kept in the checkpoint."""

    mean: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise ValueError(f"mel scale mean={self.mean}, deviation={self.deviation}: not usable")

    @property
    def silence(self) -> float:
        """Silence in model units: what batches are padded with."""
        return (SILENCE - self.mean) / self.deviation

    def normalise(self, mel: Mel) -> Mel:
        """Log-mel to model units."""
        return (mel - self.mean) / self.deviation

    def restore(self, mel: Mel) -> Mel:
        """Model units to log-mel."""
        return mel * self.deviation + self.mean
