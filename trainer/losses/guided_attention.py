"""Guided attention (Tachibana et al. 2017, arXiv 1710.08969)."""

import torch
from torch import Tensor

from trainer.model.layers import length_mask


def guide_weights(
    step_lengths: Tensor, text_lengths: Tensor, shape: torch.Size, g: float
) -> Tensor:
    """W = 1 - exp(-(n/N - t/T)²/2g²) as [B, T', N], 0 on padding; ``shape`` is A's."""
    steps = torch.arange(shape[1], device=text_lengths.device)
    tokens = torch.arange(shape[2], device=text_lengths.device)
    t = steps[None, :, None] / step_lengths[:, None, None]
    n = tokens[None, None, :] / text_lengths[:, None, None]
    valid = length_mask(step_lengths, shape[1])[:, :, None] & length_mask(
        text_lengths, shape[2]
    ).unsqueeze(1)
    return (1.0 - torch.exp(-((n - t) ** 2) / (2.0 * g * g))) * valid


def guided_attention_loss(
    alignments: Tensor, step_lengths: Tensor, text_lengths: Tensor, g: float
) -> Tensor:
    """Σ_n A·W, mean over an utterance's steps, then over utterances; alignments [B, T', N]."""
    weights = guide_weights(step_lengths, text_lengths, alignments.shape, g)
    return ((alignments * weights).sum(dim=(1, 2)) / step_lengths).mean()
