"""A convolution on the CPU, as matrix products of shifted rows.

At the widths of Tacotron 2 a BLAS library multiplies closer to what a core can do than oneDNN
convolves, and positions that are padding are not carried along afterwards.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from trainer.model.valid_rows import spread, valid_places


def convolve_rows(x: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor) -> Tensor:
    """The valid outputs of a length-keeping 1-D convolution, in the order of ``mask``.

    Args:
        x: [B, C_in, T], 0 where the mask is False.
        weight: [C_out, C_in, K], K odd.
        bias: [C_out], or None.
        mask: [B, T] bool.

    Returns:
        [valid, C_out].
    """
    rows: Tensor = _RowConvolution.apply(  # type: ignore[no-untyped-call]
        x.transpose(1, 2), weight, mask
    )
    return rows if bias is None else rows + bias


class _RowConvolution(torch.autograd.Function):
    """Utterances lie one behind the other, K - 1 rows of zeros between them: [rows, C]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
        """[B, T, C_in] -> [valid, C_out]."""
        margin = weight.shape[2] // 2
        rows = F.pad(x, (0, 0, margin, margin)).flatten(0, 1)
        taps = weight.permute(2, 1, 0).contiguous()  # [K, C_in, C_out]
        n = len(rows) - 2 * margin
        out = torch.mm(rows[:n], taps[0])  # row i is the output at row i + margin
        for k in range(1, len(taps)):
            out.addmm_(rows[k : k + n], taps[k])
        spaced = F.pad(mask, (0, 2 * margin)).flatten()[:n]  # [rows of out]
        ctx.save_for_backward(rows, taps, spaced)
        ctx.sizes = x.shape
        return out.index_select(0, valid_places(spaced))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        """As ``forward``, with the shifts the other way round."""
        rows, taps, spaced = ctx.saved_tensors
        n_taps, margin = len(taps), len(taps) // 2
        n = len(rows) - 2 * margin
        at_rows = spread(grad, spaced)  # [rows of out, C_out]
        grad_rows, grad_taps = torch.empty_like(rows), torch.empty_like(taps)
        torch.mm(at_rows, taps[0].t(), out=grad_rows[:n])
        grad_rows[n:] = 0
        for k in range(1, n_taps):
            grad_rows[k : k + n].addmm_(at_rows, taps[k].t())
        for k in range(n_taps):
            torch.mm(rows[k : k + n].t(), at_rows, out=grad_taps[k])
        size, length, _ = ctx.sizes
        grad_x = grad_rows.view(size, -1, rows.shape[1])[:, margin : margin + length]
        return grad_x, grad_taps.permute(2, 1, 0), None
