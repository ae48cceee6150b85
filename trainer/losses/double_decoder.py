"""Double decoder consistency: fine and coarse decoder attend to the same tokens.

Gölge 2020 (Coqui TTS, "DDC"), defined here for any pair of reduction factors and any lengths.
"""

import torch
from torch import Tensor

from trainer.model.layers import length_mask


def consistency_loss(
    fine: Tensor,
    coarse: Tensor,
    step_lengths: Tensor,
    text_lengths: Tensor,
    factors: tuple[int, int],
    n_utterances: int | None = None,
) -> Tensor:
    """Σ_n abs(A_fine - A_coarse), mean over an utterance's steps, then over utterances: 0 to 2.

    Args:
        fine: [B, T', N], the alignments of the decoder that speaks.
        coarse: [B, T'', N], those of the coarse decoder.
        step_lengths: [B] valid steps of the fine decoder.
        text_lengths: [B] valid tokens.
        factors: reduction factors of the fine and of the coarse decoder.
        n_utterances: utterances to take the mean over; None: B.
    """
    padding = ~length_mask(text_lengths, fine.shape[2]).unsqueeze(1)  # [B, 1, N]
    expected = at_fine_steps(_normalised(coarse, padding), fine.shape[1], *factors)
    distances = (_normalised(fine, padding) - expected).abs().sum(dim=2)  # [B, T']
    sums = distances.masked_fill(~length_mask(step_lengths, fine.shape[1]), 0.0).sum(dim=1)
    return (sums / step_lengths).sum() / (n_utterances or len(fine))


def at_fine_steps(coarse: Tensor, n_steps: int, r_fine: int, r_coarse: int) -> Tensor:
    """[B, T'', N] -> [B, n_steps, N]: row floor(t·r_fine/r_coarse) of ``coarse`` at fine step t.

    That is the coarse step which holds the fine step's first frame. It is valid wherever the fine
    step is; steps beyond the last coarse one get the last.
    """
    copies = -(-r_coarse // r_fine)  # fine steps that begin within one coarse step, at most
    steps = torch.arange(n_steps, device=coarse.device)
    rows = steps * r_fine // r_coarse
    first = (rows * r_coarse + r_fine - 1) // r_fine  # the first fine step of that coarse step
    index = (rows * copies + steps - first).clamp(max=coarse.shape[1] * copies - 1)
    # Each copy is read once: the gradients of a GPU don't depend on the order of additions.
    copied = coarse.unsqueeze(2).expand(-1, -1, copies, -1).flatten(1, 2)
    return copied.index_select(1, index)


def _normalised(alignments: Tensor, padding: Tensor) -> Tensor:
    """Rows that sum to 1 over valid tokens, and are 0 on padding."""
    inside = alignments.masked_fill(padding, 0.0)
    tiny = torch.finfo(inside.dtype).tiny
    return inside / inside.sum(dim=2, keepdim=True).clamp(min=tiny)
