"""What a debug report is made of: plain data about one failure of a training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.data import Batch, MelScale
from trainer.data.dataset import Item
from trainer.hparams import HParams
from trainer.model import TacotronOutputs

N_SAMPLES = 4
"""Utterances that are drawn; more would not be looked at."""


@dataclass(frozen=True)
class BatchUtterance:
    """One utterance of the batch that the failing step was taken on."""

    id: str
    text: str
    n_tokens: int
    n_frames: int


@dataclass(frozen=True)
class Sample:
    """What the model made of one utterance, teacher-forced, cropped to its lengths."""

    id: str
    alignment: NDArray[np.float32]
    """[T', N]."""
    target: NDArray[np.float32]
    """[n_mels, T], natural log-mel."""
    output: NDArray[np.float32]
    """[n_mels, T], natural log-mel after the postnet."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of a failure. Any number may be NaN or infinite."""

    cause: str
    """``non_finite``, ``gradient_explosion``, or another in one word."""
    step: int
    """Counted from 1, as in events."""
    hparams: HParams
    learning_rate: float
    """Of the failing step: schedule times ``factor``."""
    message: str = ""
    """What was seen, in one line."""
    factor: float = 1.0
    """The learning-rate adapter's."""
    restarts: int = 0
    """Rescues in a row before this failure."""
    steps: Sequence[Mapping[str, float]] = ()
    """The last steps' metrics, each with its ``step``, the failing one last; ``skipped`` is 1
    where the loss scaler left a step out."""
    layer_norms: Mapping[str, float] | None = None
    """:func:`layer_norms`; None where there was no gradient."""
    batch: Sequence[BatchUtterance] = ()
    samples: Sequence[Sample] = ()
    """Of the batch's first utterances; none where the model gave no outputs."""


def layer_norms(model: nn.Module, norm: float | None = None) -> dict[str, float]:
    """The gradient norm of every parameter tensor that has a gradient, in the model's order.

    Args:
        model: after a backward pass.
        norm: of the whole gradient before clipping. Where it is given and finite, the norms are
            scaled back to it: clipping shrinks all gradients by one factor.
    """
    gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    if not gradients:
        return {}
    # float64: the square of a large float32 is infinite, which would hide how large it was.
    each = [torch.linalg.vector_norm(g, dtype=torch.float64) for g in gradients.values()]
    norms = dict(zip(gradients, torch.stack(each).tolist(), strict=True))
    total = math.hypot(*norms.values())
    if norm is None or not (math.isfinite(norm) and math.isfinite(total) and total > 0.0):
        return norms
    return {name: value * norm / total for name, value in norms.items()}


def ranked(norms: Mapping[str, float]) -> list[tuple[str, float]]:
    """Names and norms, the largest first; before them those that are not finite, in order."""
    return sorted(norms.items(), key=lambda pair: (1, -pair[1]) if math.isfinite(pair[1]) else (0,))


def batch_utterances(items: Sequence[Item]) -> tuple[BatchUtterance, ...]:
    """The utterances of a batch, in its order."""
    return tuple(
        BatchUtterance(i.utterance.id, i.utterance.text, len(i.sequence), i.n_frames) for i in items
    )


def batch_samples(
    batch: Batch, outputs: TacotronOutputs, scale: MelScale, n_frames_per_step: int
) -> tuple[Sample, ...]:
    """The first :data:`N_SAMPLES` utterances of a (micro-)batch, on any device."""
    samples = []
    for index, name in enumerate(batch.ids[:N_SAMPLES]):
        n_frames, n_tokens = int(batch.mel_lengths[index]), int(batch.text_lengths[index])
        n_steps = math.ceil(n_frames / n_frames_per_step)
        samples.append(
            Sample(
                name,
                _plain(outputs.alignments[index, :n_steps, :n_tokens]),
                _plain(scale.restore(batch.mels[index, :, :n_frames])),
                _plain(scale.restore(outputs.mel_outputs_postnet[index, :, :n_frames])),
            )
        )
    return tuple(samples)


def _plain(tensor: Tensor) -> NDArray[np.float32]:
    plain: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return plain
