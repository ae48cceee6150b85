"""Half precision: autocast, and the loss scaler that fp16 needs."""

import torch
from torch import Tensor

from trainer.hparams import HParams

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LEAST_SCALE = 1.0
"""A gradient that overflows even unscaled is no matter of scaling."""


class Precision:
    """``fp32``, ``bf16`` or ``fp16`` (Micikevicius et al. 2017, arXiv 1710.03740).

    Weights, optimiser, recurrences and losses stay float32; fp16's loss scaler is part of the
    checkpoint, because a resume without it overflows.
    """

    def __init__(self, hparams: HParams, device: torch.device) -> None:
        self._dtype = _DTYPES[hparams.precision]
        self._device = device
        self.scaler = torch.amp.GradScaler(
            device.type, enabled=hparams.precision == "fp16", init_scale=2.0**14
        )

    def autocast(self) -> torch.autocast:
        """Around the model's forward pass."""
        return torch.autocast(
            self._device.type, dtype=self._dtype, enabled=self._dtype != torch.float32
        )

    def scale(self, loss: Tensor) -> Tensor:
        """The loss to take gradients of."""
        return torch.as_tensor(self.scaler.scale(loss))

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Bring the gradients back to their own size."""
        if self.scaler.is_enabled():
            self.scaler.unscale_(optimizer)

    def may_skip(self) -> bool:
        """Whether a gradient that is not finite may be the scale's fault."""
        return self.scaler.is_enabled() and self.scaler.get_scale() > _LEAST_SCALE

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """The optimiser's step, left out where the scaled gradient overflowed."""
        self.scaler.step(optimizer)
        self.scaler.update()
