"""The recogniser's loss: how unlikely the text is, given what the decoder is about to say.

Minimising it maximises a bound on the mutual information between text and speech (Liu et al.
2019, arXiv 1909.01145). CTC: Graves et al. 2006.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.layers import full_precision, length_mask


def feasible(text: Tensor, text_lengths: Tensor, step_lengths: Tensor) -> Tensor:
    """[B] bool: as many steps as labels, and one more for each label equal to the one before.

    Args:
        text: [B, N] symbol ids.
        text_lengths: [B].
        step_lengths: [B] decoder steps.
    """
    inside = length_mask(text_lengths - 1, text.shape[1] - 1)
    repeats = ((text[:, 1:] == text[:, :-1]) & inside).sum(dim=1)
    return step_lengths >= text_lengths + repeats


def ctc_loss(
    logits: Tensor,
    text: Tensor,
    text_lengths: Tensor,
    step_lengths: Tensor,
    n_utterances: int | None = None,
) -> Tensor:
    """-log p(text) divided by the utterance's decoder steps, mean over feasible utterances.

    Args:
        logits: [B, T', n_symbols + 1], the blank last.
        text: [B, N] symbol ids, the labels.
        text_lengths: [B].
        step_lengths: [B] valid decoder steps.
        n_utterances: utterances to take the mean over; None: the feasible ones of this batch.

    Returns:
        a scalar in nats per step; 0, with a gradient of 0, where no utterance is feasible.
    """
    log_probs = full_precision(logits).log_softmax(dim=2).transpose(0, 1)  # [T', B, n_symbols + 1]
    losses = F.ctc_loss(
        log_probs,
        text,
        step_lengths,
        text_lengths,
        blank=logits.shape[2] - 1,
        reduction="none",
        zero_infinity=True,
    )
    usable = feasible(text, text_lengths, step_lengths)
    total = torch.where(usable, losses / step_lengths, 0.0).sum()
    return total / (usable.sum().clamp(min=1) if n_utterances is None else max(1, n_utterances))
