"""A prenet whose dropout is each utterance's own."""

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.hparams import HParams
from trainer.model.prenet import Prenet
from trainer.model.recurrence import PrenetMasks


class SeededPrenet(Prenet):
    """Draws from one generator an utterance, so that batch mates don't change what is said.

    The numbers are drawn on the CPU: the same seed is the same sound on every device, up to the
    rounding of its arithmetic.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__(hparams)
        self._sizes = hparams.prenet_dims
        self._generators: list[torch.Generator] = []

    def seed(self, seeds: Sequence[int]) -> None:
        """Before the first step: one seed a row of the batch."""
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def masks(self, steps: int, like: Tensor) -> PrenetMasks:
        """Dropout for the next ``steps`` steps of the batch ``like``."""
        keep = 1.0 - self.dropout
        # Row by row, layer by layer: what one row draws depends on its own seed alone.
        drawn = [
            [torch.rand(steps, size, generator=g) for size in self._sizes] for g in self._generators
        ]
        first, second = (
            ((torch.stack(layer, dim=1) < keep).float() / keep).to(like.device)
            for layer in zip(*drawn, strict=True)
        )
        return PrenetMasks(first, second)
