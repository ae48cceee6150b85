"""A padded batch as rows of its valid positions alone, and back."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def valid_places(mask: Tensor) -> Tensor:
    """[B, T] bool -> [valid], the flat places of what is True."""
    return mask.flatten().nonzero().squeeze(1)


def spread(rows: Tensor, mask: Tensor) -> Tensor:
    """Rows [valid, C] back to their places, 0 where ``mask`` [B, T] is False: [B·T, C].

    A gather, as its gradient is: copying rows to places takes a CPU four times as long.
    """
    flat = mask.flatten()
    source = (flat.cumsum(0) - 1).clamp_(min=0)
    return rows.index_select(0, source).mul_(flat.unsqueeze(1).to(rows.dtype))


class Spread(torch.autograd.Function):
    """:func:`spread`, with its gradient."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, mask: Tensor) -> Tensor:
        """[valid, C], [B, T] -> [B·T, C]."""
        ctx.save_for_backward(mask)
        return spread(rows, mask)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """[B·T, C] -> [valid, C]."""
        (mask,) = ctx.saved_tensors
        return grad.index_select(0, valid_places(mask)), None
