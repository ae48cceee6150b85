"""The vocoder that needs no training."""

from dataclasses import dataclass

from torch import Tensor

from trainer.audio import griffin_lim
from trainer.hparams import HParams
from trainer.vocoder.vocoder import Samples


@dataclass(frozen=True)
class GriffinLim:
    """Fast Griffin-Lim; the same mel gives the same sound."""

    hparams: HParams
    n_iterations: int = 60
    name: str = "griffin_lim"

    def __call__(self, mel: Tensor) -> Samples:
        """[n_mels, T] natural log-mels -> ``(T - 1) * hop_length`` samples in [-1, 1]."""
        return griffin_lim(mel, self.hparams, n_iterations=self.n_iterations)
