"""What a step of the loops computes between its products, in PyTorch.

Each part is one function that writes its results in place, so that a compiler can make one kernel
of it (:func:`fused_parts`).

Shapes: B rows, N tokens, H hidden, D attention dimension; gates in torch's order i, f, g, o.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

P = ParamSpec("P")
R = TypeVar("R")


def cell_forward(gate: Tensor, cell_before: Tensor, cell: Tensor, hidden: Tensor) -> None:
    """Activate ``gate`` [B, 4·H] in place; write the new ``cell`` and ``hidden`` [B, H]."""
    i, f, g, o = gate.chunk(4, 1)
    candidate = torch.tanh(g)
    gate.sigmoid_()
    g.copy_(candidate)
    torch.mul(f, cell_before, out=cell).addcmul_(i, g)
    _multiply(o, torch.tanh(cell), hidden)


class CellSlopes(NamedTuple):
    """How each gate's pre-activation moves the cell and the hidden state, at one step."""

    gates: Tensor
    """[B, 3, H]: of i, f and g on the cell."""
    output: Tensor
    """[B, H]: of o on the hidden state."""
    through: Tensor
    """[B, H]: of the cell on the hidden state."""
    forget: Tensor
    """[B, H]: of the cell before on the cell."""


def cell_backward(slopes: CellSlopes, d_hidden: Tensor, d_cell: Tensor, d_gate: Tensor) -> Tensor:
    """Write the gates' gradient to ``d_gate`` [B, 4·H]; return that of the cell before [B, H]."""
    d_cell = torch.addcmul(d_cell, d_hidden, slopes.through)
    parts = d_gate.view(d_gate.shape[0], 4, -1)
    _multiply(d_cell.unsqueeze(1), slopes.gates, parts[:, :3])
    _multiply(d_hidden, slopes.output, parts[:, 3])
    return d_cell * slopes.forget


def attend(inner: Tensor, v: Tensor, padding: Tensor | None) -> Tensor:
    """Apply tanh to ``inner`` [B, N, D] in place; return the weights [B, N] by ``v`` [D]."""
    tanh = inner.tanh_()
    energies = torch.mv(tanh.flatten(0, 1), v).view(tanh.shape[:2])
    if padding is not None:
        energies.masked_fill_(padding, torch.finfo(energies.dtype).min)
    return F.softmax(energies, dim=1)


def attend_backward(
    weights: Tensor, d_weights: Tensor, v: Tensor, tanh: Tensor, d_energy: Tensor
) -> Tensor:
    """Write ``d_energy`` [B, N]; return the gradient of ``inner`` [B, N, D]."""
    mean = (weights * d_weights).sum(1, keepdim=True)
    torch.mul(weights, d_weights - mean, out=d_energy)
    d_inner: Tensor = torch.ops.aten.tanh_backward(d_energy.unsqueeze(2) * v, tanh)
    return d_inner


def _multiply(a: Tensor, b: Tensor, out: Tensor) -> None:
    """``out`` need not be contiguous, which torch.compile takes in another form only."""
    if torch.compiler.is_compiling():
        out.copy_(a * b)
    else:
        torch.mul(a, b, out=out)


class Parts(NamedTuple):
    """All of them, as they are or compiled."""

    cell: Callable[[Tensor, Tensor, Tensor, Tensor], None]
    cell_slopes: Callable[[CellSlopes, Tensor, Tensor, Tensor], Tensor]
    attend: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    attend_slopes: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


PLAIN = Parts(cell_forward, cell_backward, attend, attend_backward)


@cache
def fused_parts() -> Parts:
    """Compiled, a kernel or two each.

    No launch is measured for the fastest: processes that resume must compute the same bits.
    """
    return Parts(
        _compiled(cell_forward),
        _compiled(cell_backward),
        _compiled(attend),
        _compiled(attend_backward),
    )


def _compiled(part: Callable[P, R]) -> Callable[P, R]:
    return torch.compile(part, options={"deterministic": True})
