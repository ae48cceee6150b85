"""A training step, timed in its parts: forward with the loss, backward, clipping with Adam."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.clock import Clock
from benchmarks.timing import Parts
from benchmarks.workloads import TrainingBatch

PARTS = ("step", "forward", "backward")


def published_loss(outputs: Any, batch: TrainingBatch) -> Tensor:
    """The published loss, padding included; the same for every contestant."""
    mel = F.mse_loss(outputs.mel_outputs.float(), batch.mels)
    postnet = F.mse_loss(outputs.mel_outputs_postnet.float(), batch.mels)
    gate = F.binary_cross_entropy_with_logits(outputs.gate_outputs.float(), batch.gates)
    return mel + postnet + gate


def published_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """Adam as NVIDIA/tacotron2 uses it."""
    return torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-6)


def published_clip(model: nn.Module) -> None:
    """Gradients clipped to a norm of 1."""
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)


def plain_forward(model: nn.Module, batch: TrainingBatch) -> Any:
    """Of a model that takes the batch as ours does."""
    return model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)


@dataclass(frozen=True)
class TrainingStep:
    """Takes a step on the same batch again and again."""

    model: nn.Module
    batch: TrainingBatch
    optimizer: torch.optim.Optimizer
    forward: Callable[[nn.Module, TrainingBatch], Any] = plain_forward
    loss: Callable[[Any, TrainingBatch], Tensor] = published_loss
    clip: Callable[[nn.Module], object] = published_clip
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext

    def run(self, clock: Clock) -> Parts:
        """One step: seconds of the whole, the forward pass with the loss, the backward pass."""
        self.model.train()
        start = clock.now()
        with self.autocast():
            outputs = self.forward(self.model, self.batch)
        loss = self.loss(outputs, self.batch)
        forward = clock.now()
        loss.backward()  # type: ignore[no-untyped-call]
        backward = clock.now()
        self.clip(self.model)
        self.optimizer.step()
        end = clock.now()
        self.optimizer.zero_grad(set_to_none=True)  # outside: memory that others need meanwhile
        parts = (end - start, forward - start, backward - forward)
        return dict(zip(PARTS, parts, strict=True))
