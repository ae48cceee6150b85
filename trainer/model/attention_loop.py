"""The attention loop of training, with its own backward pass.

Under teacher forcing the attention LSTM, the attention and the context feed back from step to
step, and nothing else does. Written as one differentiable function, the loop spares autograd its
bookkeeping for every operation of every step, and the weights' gradients are a few large products
after the loop instead of one small product each step.

Shapes: B utterances, T' decoder steps, N tokens, H attention LSTM, E encoder, D attention
dimension, k location kernel.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from trainer.model.layers import full_precision, recurrence


@dataclass(frozen=True)
class Masks:
    """What is not differentiated."""

    padding: Tensor | None
    """[B, N] bool, True on padding tokens."""
    dropout: Tensor | None
    """[T', B, H]: 0 or 1/(1-p), on the hidden state that is fed back; None without dropout."""


def attention_loop(
    pre_gates: Tensor,
    recurrent: Tensor,
    memory: Tensor,
    processed_memory: Tensor,
    query: Tensor,
    location: Tensor,
    v: Tensor,
    masks: Masks,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the loop over all decoder steps.

    Args:
        pre_gates: [T', B, 4·H], the part of the LSTM's gates that comes from prenet and biases.
        recurrent: [4·H, E+H], the LSTM's weights on (context, hidden).
        memory: [B, N, E].
        processed_memory: [B, N, D].
        query: [D, H], the query layer's weight.
        location: [2·k, D], the merged location layers.
        v: [D], the energy weight.
        masks: padding and dropout.

    Returns:
        hidden [T', B, H], contexts [T', B, E] and alignments [T', B, N].
    """
    inputs = (pre_gates, recurrent, memory, processed_memory, query, location, v)
    with recurrence(pre_gates.device):
        hidden, contexts, weights = _AttentionLoop.apply(  # type: ignore[no-untyped-call]
            *(full_precision(tensor) for tensor in inputs), masks
        )
    return hidden, contexts, weights


class _AttentionLoop(Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
        pre_gates, recurrent, memory, processed_memory, query, location, v, masks = inputs
        steps, batch, n_gates = pre_gates.shape
        tokens, encoder_dim = memory.shape[1:]
        dim, size = n_gates // 4, location.shape[0] // 2
        half = (size - 1) // 2
        state = memory.new_zeros(steps + 1, batch, encoder_dim + dim)  # (context, hidden)
        cells = memory.new_zeros(steps + 1, batch, dim)
        gates = torch.empty_like(pre_gates)  # activated, in LSTMCell's order i, f, g, o
        past = memory.new_zeros(steps + 1, batch, 2, tokens + 2 * half)  # padded weights and sums
        tanh = memory.new_empty(steps, batch, tokens, processed_memory.shape[2])
        recurrent_t, query_t = recurrent.t(), query.t()
        location_b = location.expand(batch, -1, -1)
        # Views made all at once: indexing in the loop would cost as much as the arithmetic.
        states, cell_at, past_at = state.unbind(0), cells.unbind(0), past.unbind(0)
        hidden_at = state[:, :, encoder_dim:].unbind(0)
        context_at = state[:, :, :encoder_dim].unbind(0)
        weights_at = past[:, :, 0, half : half + tokens].unbind(0)
        latest, sums = past[:, :, 0].unbind(0), past[:, :, 1].unbind(0)
        steps_of = (range(steps), pre_gates.unbind(0), gates.unbind(0), tanh.unbind(0))
        for t, pre_gate, gate, tanh_t in zip(*steps_of, strict=True):
            torch.addmm(pre_gate, states[t], recurrent_t, out=gate)
            i, f, g, o = gate.chunk(4, 1)
            candidate = torch.tanh(g)
            gate.sigmoid_()
            g.copy_(candidate)
            cell = torch.mul(f, cell_at[t], out=cell_at[t + 1]).addcmul_(i, g)
            hidden = torch.mul(o, torch.tanh(cell), out=hidden_at[t + 1])
            if masks.dropout is not None:
                hidden.mul_(masks.dropout[t])
            content = processed_memory + torch.mm(hidden, query_t).unsqueeze(1)
            windows = _windows(past_at[t], size)
            torch.tanh(torch.baddbmm(content, windows, location_b), out=tanh_t)
            energies = torch.mv(tanh_t.flatten(0, 1), v).view(batch, tokens)
            if masks.padding is not None:
                energies.masked_fill_(masks.padding, torch.finfo(energies.dtype).min)
            weights = F.softmax(energies, dim=1)
            weights_at[t + 1].copy_(weights)
            torch.add(sums[t], latest[t + 1], out=sums[t + 1])
            context_at[t + 1].copy_(torch.bmm(weights.unsqueeze(1), memory).squeeze(1))
        ctx.save_for_backward(
            recurrent, memory, query, location, v, state, cells, gates, past, tanh
        )
        ctx.dropout = masks.dropout
        return (
            state[1:, :, encoder_dim:].contiguous(),
            state[1:, :, :encoder_dim].contiguous(),
            past[1:, :, 0, half : half + tokens].contiguous(),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        recurrent, memory, query, location, v, state, cells, gates, past, tanh = ctx.saved_tensors
        d_hidden_out, d_context_out, d_weights_out = grads
        steps, batch, tokens, _ = tanh.shape
        encoder_dim, dim = memory.shape[2], cells.shape[2]
        size = location.shape[0] // 2
        inside = slice((size - 1) // 2, (size - 1) // 2 + tokens)
        weights = past[1:, :, 0, inside]
        slopes = _LstmSlopes.of(gates, cells)
        d_gates = torch.empty_like(gates)
        d_queries = query.new_empty(steps, batch, query.shape[0])
        d_contexts = torch.empty_like(d_context_out)
        d_energies = torch.empty_like(d_weights_out)
        d_processed = torch.zeros_like(tanh[0])
        d_location = torch.zeros_like(location)
        d_state = memory.new_zeros(batch, encoder_dim + dim)
        d_cell = memory.new_zeros(batch, dim)
        d_past = past.new_zeros(batch, 2, past.shape[3])  # on the step's (weights, sums)
        location_t = location.t()
        past_at, tanh_at, weights_at = past.unbind(0), tanh.unbind(0), weights.unbind(0)
        d_gate_at, d_query_at = d_gates.unbind(0), d_queries.unbind(0)
        d_context_at, d_energy_at = d_contexts.unbind(0), d_energies.unbind(0)
        d_hidden_at, d_weights_at = d_hidden_out.unbind(0), d_weights_out.unbind(0)
        for t, d_context_from in reversed(list(enumerate(d_context_out.unbind(0)))):
            d_context = torch.add(d_context_from, d_state[:, :encoder_dim], out=d_context_at[t])
            d_weights = d_past.sum(1)[:, inside] + d_weights_at[t]
            d_weights += torch.bmm(memory, d_context.unsqueeze(2)).squeeze(2)
            w = weights_at[t]
            d_energy = torch.mul(
                w, d_weights - (w * d_weights).sum(1, keepdim=True), out=d_energy_at[t]
            )
            d_inner = torch.ops.aten.tanh_backward(d_energy.unsqueeze(2) * v, tanh_at[t])
            d_processed += d_inner
            flat = d_inner.flatten(0, 1)
            d_location.addmm_(_windows(past_at[t], size).flatten(0, 1).t(), flat)
            d_windows = torch.mm(flat, location_t).view(batch, tokens, 2, size).transpose(1, 2)
            d_sums = d_past[:, 1].clone()  # what came before enters every later sum
            d_past = torch.ops.aten.unfold_backward(d_windows, d_past.shape, 2, size, 1)
            d_past[:, 1] += d_sums
            d_query = torch.sum(d_inner, 1, out=d_query_at[t])
            d_hidden = torch.addmm(d_hidden_at[t], d_query, query) + d_state[:, encoder_dim:]
            if ctx.dropout is not None:
                d_hidden *= ctx.dropout[t]
            d_cell = slopes.step(t, d_hidden, d_cell, out=d_gate_at[t])
            d_state = torch.mm(d_gate_at[t], recurrent)
        flat_gates, flat_state = d_gates.flatten(0, 1), state[:-1].flatten(0, 1)
        hidden = state[1:, :, encoder_dim:].flatten(0, 1)
        return (
            d_gates,
            flat_gates.t() @ flat_state,
            torch.bmm(weights.permute(1, 2, 0), d_contexts.transpose(0, 1)),
            d_processed,
            d_queries.flatten(0, 1).t() @ hidden,
            d_location,
            tanh.flatten(0, 2).t() @ d_energies.flatten(),
            None,
        )


@dataclass(frozen=True)
class _LstmSlopes:
    """How each gate's pre-activation moves cell and hidden state: made for all steps at once."""

    cell_gates: Tensor
    """[T', B, 3, H]: of i, f and g on the cell."""
    output: Tensor
    """[T', B, H]: of o on the hidden state."""
    through: Tensor
    """[T', B, H]: of the cell on the hidden state."""
    forget: Tensor
    """[T', B, H]: of the cell before on the cell."""

    @classmethod
    def of(cls, gates: Tensor, cells: Tensor) -> "_LstmSlopes":
        i, f, g, o = gates.chunk(4, 2)
        tanh_cell = torch.tanh(cells[1:])
        return cls(
            torch.stack((g * i * (1 - i), cells[:-1] * f * (1 - f), i * (1 - g * g)), dim=2),
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


def _windows(past: Tensor, size: int) -> Tensor:
    """[B, 2, N+k-1] -> [B, N, 2·k]: what each token's location kernel sees."""
    return past.unfold(2, size, 1).transpose(1, 2).flatten(2)
