"""The stop gate's loss."""

import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.layers import length_mask


def gate_targets(step_lengths: Tensor, n_steps: int) -> Tensor:
    """[B] decoder steps -> [B, n_steps]: 1 from the step that holds the last frame on."""
    return (~length_mask(step_lengths - 1, n_steps)).float()


def gate_loss(
    gate_outputs: Tensor,
    step_lengths: Tensor,
    positive_weight: float,
    n_steps: int | None = None,
) -> Tensor:
    """Binary cross-entropy with logits over valid steps (Shen et al. 2018, section 2.2).

    Args:
        gate_outputs: [B, T'] logits.
        step_lengths: [B] valid decoder steps.
        positive_weight: weight of the one positive step against the many negative ones.
        n_steps: steps to take the mean over; None: those of ``step_lengths``.
    """
    size = gate_outputs.shape[1]
    terms = F.binary_cross_entropy_with_logits(
        gate_outputs,
        gate_targets(step_lengths, size).to(gate_outputs.dtype),
        reduction="none",
        pos_weight=torch.tensor(
            positive_weight, dtype=gate_outputs.dtype, device=gate_outputs.device
        ),
    )
    total = terms.masked_fill(~length_mask(step_lengths, size), 0.0).sum()
    return total / (step_lengths.sum() if n_steps is None else n_steps)
