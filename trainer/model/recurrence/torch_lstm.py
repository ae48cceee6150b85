"""The LSTM's loops in PyTorch.

Shapes: T steps, B rows, H hidden; gates in torch's order i, f, g, o.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.model.recurrence.kernels import LstmMasks, LstmTrace
from trainer.model.recurrence.torch_parts import PLAIN, CellSlopes, Parts


class LstmState(NamedTuple):
    """What goes from step to step; backward, its gradient."""

    hidden: Tensor
    """[B, H]."""
    cell: Tensor
    """[B, H]."""


def all_cell_slopes(gates: Tensor, before: Tensor, cells: Tensor) -> Iterator[CellSlopes]:
    """Made for all steps at once, given out step by step.

    Args:
        gates: [T, B, 4·H], activated.
        before: [T, B, H], the cells before each step.
        cells: [T, B, H], those after it.
    """
    i, f, g, o = gates.chunk(4, 2)
    tanh_cell = torch.tanh(cells)
    slopes = CellSlopes(
        torch.stack((g * i * (1 - i), before * f * (1 - f), i * (1 - g * g)), dim=2),
        tanh_cell * o * (1 - o),
        o * (1 - tanh_cell * tanh_cell),
        f,
    )
    return map(CellSlopes, *(of_all.unbind(0) for of_all in slopes))


def lstm_forward(
    pre_gates: Tensor,
    recurrent: Tensor,
    masks: LstmMasks,
    at_work: Tensor | None,
    start: LstmState | None = None,
    parts: Parts = PLAIN,
) -> LstmTrace:
    """Run the loop.

    Args:
        pre_gates: [T, B, 4·H].
        recurrent: [4·H, H].
        masks: dropout and direction; what they say of lengths is in ``at_work``.
        at_work: [T, B, 1], 1 while a row is at work, else 0 (:func:`rows_at_work`); None: always.
        start: the state before the first step; None: 0.
        parts: what computes between the products.
    """
    steps = len(pre_gates)
    trace = LstmTrace.new(pre_gates, recurrent)
    states, cells, gates = trace
    if start is not None:
        first = steps if masks.reverse else 0
        states[first], cells[first] = start
    # Turned once: a product of few rows is twice as fast with weights that lie this way.
    recurrent_t = recurrent.t().contiguous()
    # Views made all at once: indexing in the loop would cost as much as the arithmetic.
    state_at, cell_at = states.unbind(0), cells.unbind(0)
    pre_at, gate_at = pre_gates.unbind(0), gates.unbind(0)
    for t, before, after in _order(steps, masks.reverse):
        torch.addmm(pre_at[t], state_at[before], recurrent_t, out=gate_at[t])
        parts.cell(gate_at[t], cell_at[before], cell_at[after], state_at[after])
        if masks.dropout is not None:
            state_at[after].mul_(masks.dropout[t])
        if at_work is not None:
            for tensor in (gate_at[t], cell_at[after], state_at[after]):
                tensor.mul_(at_work[t])
    return trace


def lstm_backward(
    d_hidden: Tensor,
    recurrent: Tensor,
    trace: LstmTrace,
    masks: LstmMasks,
    end: LstmState | None = None,
    parts: Parts = PLAIN,
) -> tuple[Tensor, LstmState]:
    """The loop's backward pass.

    Args:
        d_hidden: [T, B, H], the gradient of the outputs.
        recurrent: [4·H, H].
        trace: of the forward loop.
        masks: dropout and direction.
        end: the gradient of the state after the last step, but for its output's; None: 0.
        parts: what computes between the products.

    Returns:
        the gradient of ``pre_gates`` [T, B, 4·H] and that of the state before the first step.
    """
    steps, batch, dim = d_hidden.shape
    early, late = trace.cells[:-1], trace.cells[1:]
    before, after = (late, early) if masks.reverse else (early, late)
    slopes = list(all_cell_slopes(trace.gates, before, after))
    d_gates = torch.empty_like(trace.gates)
    zeros = d_hidden.new_zeros(batch, dim)
    d_state, d_cell = end or (zeros, zeros)
    d_gate_at, d_hidden_at = d_gates.unbind(0), d_hidden.unbind(0)
    for t, _, _ in _order(steps, not masks.reverse):
        d_step = d_hidden_at[t] + d_state
        if masks.dropout is not None:
            d_step *= masks.dropout[t]
        # Where a row is not at work its gates are 0, and with them every slope.
        d_cell = parts.cell_slopes(slopes[t], d_step, d_cell, d_gate_at[t])
        d_state = torch.mm(d_gate_at[t], recurrent)
    return d_gates, LstmState(d_state, d_cell)


def rows_at_work(lengths: Tensor | None, steps: int, like: Tensor) -> Tensor | None:
    """[B] -> [T, B, 1]: 1 while a row is at work, else 0; None where all always are."""
    if lengths is None or int(lengths.min()) >= steps:
        return None
    valid = torch.arange(steps, device=lengths.device)[:, None] < lengths[None]
    return valid.unsqueeze(2).to(like)


def _order(steps: int, reverse: bool) -> Iterator[tuple[int, int, int]]:
    """Each step, and where the states before and after it lie."""
    for t in reversed(range(steps)) if reverse else range(steps):
        yield (t, t + 1, t) if reverse else (t, t, t + 1)
