"""The LSTM's loops in PyTorch.

Shapes: T steps, B rows, H hidden; gates in torch's order i, f, g, o.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.model.recurrence.kernels import LstmMasks, LstmTrace


def cell_forward(gate: Tensor, cell_before: Tensor, cell: Tensor, hidden: Tensor) -> None:
    """Activate ``gate`` [B, 4·H] in place; write the new ``cell`` and ``hidden`` [B, H]."""
    i, f, g, o = gate.chunk(4, 1)
    candidate = torch.tanh(g)
    gate.sigmoid_()
    g.copy_(candidate)
    torch.mul(f, cell_before, out=cell).addcmul_(i, g)
    torch.mul(o, torch.tanh(cell), out=hidden)


@dataclass(frozen=True)
class LstmSlopes:
    """How each gate's pre-activation moves cell and hidden state: made for all steps at once."""

    cell_gates: Tensor
    """[T, B, 3, H]: of i, f and g on the cell."""
    output: Tensor
    """[T, B, H]: of o on the hidden state."""
    through: Tensor
    """[T, B, H]: of the cell on the hidden state."""
    forget: Tensor
    """[T, B, H]: of the cell before on the cell."""

    @classmethod
    def of(cls, gates: Tensor, before: Tensor, cells: Tensor) -> "LstmSlopes":
        """From activated gates [T, B, 4·H] and the cells [T, B, H] before and after each step."""
        i, f, g, o = gates.chunk(4, 2)
        tanh_cell = torch.tanh(cells)
        return cls(
            torch.stack((g * i * (1 - i), before * f * (1 - f), i * (1 - g * g)), dim=2),
            tanh_cell * o * (1 - o),
            o * (1 - tanh_cell * tanh_cell),
            f,
        )

    def step(self, t: int, d_hidden: Tensor, d_cell: Tensor, out: Tensor) -> Tensor:
        """Write the gates' gradient [B, 4·H] to ``out``; the gradient of the cell before."""
        d_cell = torch.addcmul(d_cell, d_hidden, self.through[t])
        parts = out.view(out.shape[0], 4, -1)
        torch.mul(d_cell.unsqueeze(1), self.cell_gates[t], out=parts[:, :3])
        torch.mul(d_hidden, self.output[t], out=parts[:, 3])
        return d_cell * self.forget[t]


def lstm_forward(pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
    """Run the loop: pre_gates [T, B, 4·H], recurrent [4·H, H]."""
    steps, batch, _ = pre_gates.shape
    dim = recurrent.shape[1]
    states = pre_gates.new_zeros(steps + 1, batch, dim)
    cells = pre_gates.new_zeros(steps + 1, batch, dim)
    gates = torch.empty_like(pre_gates)
    # Turned once: a product of few rows is twice as fast with weights that lie this way.
    recurrent_t = recurrent.t().contiguous()
    at_work = _at_work(masks.lengths, steps, pre_gates)
    # Views made all at once: indexing in the loop would cost as much as the arithmetic.
    state_at, cell_at = states.unbind(0), cells.unbind(0)
    pre_at, gate_at = pre_gates.unbind(0), gates.unbind(0)
    for t, before, after in _order(steps, masks.reverse):
        torch.addmm(pre_at[t], state_at[before], recurrent_t, out=gate_at[t])
        cell_forward(gate_at[t], cell_at[before], cell_at[after], state_at[after])
        if masks.dropout is not None:
            state_at[after].mul_(masks.dropout[t])
        if at_work is not None:
            for tensor in (gate_at[t], cell_at[after], state_at[after]):
                tensor.mul_(at_work[t])
    return LstmTrace(states, cells, gates)


def lstm_backward(
    d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
) -> Tensor:
    """From the gradient of the outputs [T, B, H] to that of ``pre_gates`` [T, B, 4·H]."""
    steps, batch, dim = d_hidden.shape
    early, late = trace.cells[:-1], trace.cells[1:]
    before, after = (late, early) if masks.reverse else (early, late)
    slopes = LstmSlopes.of(trace.gates, before, after)
    d_gates = torch.empty_like(trace.gates)
    d_state = d_cell = d_hidden.new_zeros(batch, dim)
    d_gate_at, d_hidden_at = d_gates.unbind(0), d_hidden.unbind(0)
    for t, _, _ in _order(steps, not masks.reverse):
        d_step = d_hidden_at[t] + d_state
        if masks.dropout is not None:
            d_step *= masks.dropout[t]
        # Where a row is not at work its gates are 0, and with them every slope.
        d_cell = slopes.step(t, d_step, d_cell, out=d_gate_at[t])
        d_state = torch.mm(d_gate_at[t], recurrent)
    return d_gates


def _order(steps: int, reverse: bool) -> Iterator[tuple[int, int, int]]:
    """Each step, and where the states before and after it lie."""
    for t in reversed(range(steps)) if reverse else range(steps):
        yield (t, t + 1, t) if reverse else (t, t, t + 1)


def _at_work(lengths: Tensor | None, steps: int, like: Tensor) -> Tensor | None:
    """[B] -> [T, B, 1]: 1 while a row is at work, else 0."""
    if lengths is None or int(lengths.min()) >= steps:
        return None
    valid = torch.arange(steps, device=lengths.device)[:, None] < lengths[None]
    return valid.unsqueeze(2).to(like)
