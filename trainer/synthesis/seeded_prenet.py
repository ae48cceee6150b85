"""A prenet whose dropout is each utterance's own."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.prenet import Prenet

_BLOCK = 64
"""Steps whose random numbers are drawn at once."""


class SeededPrenet(Prenet):
    """Draws from one generator an utterance, so that batch mates don't change what is said.

    The numbers are drawn on the CPU: the same seed is the same sound on every device, up to the
    rounding of its arithmetic.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__(hparams)
        self._sizes = hparams.prenet_dims
        self._masks: Iterator[tuple[Tensor, ...]] = iter(())

    def seed(self, seeds: Sequence[int], device: torch.device) -> None:
        """Before the first step: one seed a row of the batch."""
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._masks = self._draw(generators, device)

    def forward(self, frames: Tensor) -> Tensor:
        """[B, n_mel_channels] -> [B, prenet_dims[-1]], one decoder step."""
        x = frames
        for layer, mask in zip(self.layers, next(self._masks), strict=True):
            x = F.relu(layer(x)) * mask
        return x

    def _draw(
        self, generators: Sequence[torch.Generator], device: torch.device
    ) -> Iterator[tuple[Tensor, ...]]:
        """Without end: a step's mask for each layer, [B, size], 0 or 1 / (1 - dropout)."""
        keep = 1.0 - self.dropout
        while True:
            # Row by row, layer by layer: what one row draws depends on its own seed alone.
            drawn = [
                [torch.rand(_BLOCK, size, generator=g) for size in self._sizes] for g in generators
            ]
            masks = [
                ((torch.stack(layer, dim=1) < keep).float() / keep).to(device)
                for layer in zip(*drawn, strict=True)
            ]
            yield from zip(*(mask.unbind(0) for mask in masks), strict=True)
