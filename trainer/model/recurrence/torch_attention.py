"""The attention's loops in PyTorch.

Shapes: B utterances, T steps, N tokens, H attention LSTM, E encoder, D attention dimension, k
location kernel.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionSlopes,
    AttentionTrace,
)
from trainer.model.recurrence.torch_lstm import all_cell_slopes
from trainer.model.recurrence.torch_parts import PLAIN, Parts


class AttentionState(NamedTuple):
    """What goes from step to step; backward, its gradient."""

    state: Tensor
    """[B, E+H]: (context, hidden)."""
    cell: Tensor
    """[B, H]."""
    past: Tensor
    """[B, 2, N+k-1]: the last weights and their sums, with (k-1)/2 zeros on both sides."""


def attention_forward(
    inputs: AttentionInputs,
    masks: AttentionMasks,
    start: AttentionState | None = None,
    parts: Parts = PLAIN,
) -> AttentionTrace:
    """Run the loop over all decoder steps, from the state ``start`` (None: 0)."""
    pre_gates, recurrent, memory, processed_memory, query, location, v = inputs
    steps, batch, _ = pre_gates.shape
    tokens, encoder_dim = memory.shape[1:]
    size = location.shape[0] // 2
    half = (size - 1) // 2
    trace = AttentionTrace.new(inputs)
    states, cells, gates, past, tanh = trace
    if start is not None:
        states[0], cells[0], past[0] = start
    # Turned once: a product of few rows is twice as fast with weights that lie this way.
    recurrent_t, query_t = recurrent.t().contiguous(), query.t().contiguous()
    location_b = location.expand(batch, -1, -1)
    # Views made all at once: indexing in the loop would cost as much as the arithmetic.
    state_at, cell_at, past_at = states.unbind(0), cells.unbind(0), past.unbind(0)
    hidden_at = states[:, :, encoder_dim:].unbind(0)
    context_at = states[:, :, :encoder_dim].unsqueeze(2).unbind(0)  # [B, 1, E]
    weights_at = past[:, :, 0, half : half + tokens].unbind(0)
    latest, sums = past[:, :, 0].unbind(0), past[:, :, 1].unbind(0)
    steps_of = (range(steps), pre_gates.unbind(0), gates.unbind(0), tanh.unbind(0))
    for t, pre_gate, gate, tanh_t in zip(*steps_of, strict=True):
        torch.addmm(pre_gate, state_at[t], recurrent_t, out=gate)
        hidden = hidden_at[t + 1]
        parts.cell(gate, cell_at[t], cell_at[t + 1], hidden)
        if masks.dropout is not None:
            hidden.mul_(masks.dropout[t])
        torch.add(processed_memory, torch.mm(hidden, query_t).unsqueeze(1), out=tanh_t)
        tanh_t.baddbmm_(windows(past_at[t], size), location_b)
        weights = parts.attend(tanh_t, v, masks.padding)
        weights_at[t + 1].copy_(weights)
        torch.add(sums[t], latest[t + 1], out=sums[t + 1])
        context_at[t + 1].copy_(torch.bmm(weights.unsqueeze(1), memory))
    return trace


def attention_backward(
    grads: tuple[Tensor, Tensor, Tensor],
    inputs: AttentionInputs,
    trace: AttentionTrace,
    masks: AttentionMasks,
    end: AttentionState | None = None,
    parts: Parts = PLAIN,
) -> tuple[AttentionSlopes, AttentionState]:
    """The loop's backward pass.

    Args:
        grads: of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N].
        inputs: of the forward loop.
        trace: of the forward loop.
        masks: of the forward loop.
        end: the gradient of the state after the last step, but for ``grads``; None: 0.
        parts: what computes between the products.

    Returns:
        the inputs' gradients, and that of the state before the first step.
    """
    d_hidden_out, d_context_out, d_weights_out = grads
    _, recurrent, memory, _, query, location, v = inputs
    cells, past, tanh = trace.cells, trace.past, trace.tanh
    steps, batch, tokens, _ = tanh.shape
    encoder_dim, dim = memory.shape[2], cells.shape[2]
    size = location.shape[0] // 2
    inside = slice((size - 1) // 2, (size - 1) // 2 + tokens)
    slopes = list(all_cell_slopes(trace.gates, cells[:-1], cells[1:]))
    d_gates = torch.empty_like(trace.gates)
    d_queries = query.new_empty(steps, batch, query.shape[0])
    d_contexts = torch.empty_like(d_context_out)
    d_energies = torch.empty_like(d_weights_out)
    d_processed = torch.zeros_like(tanh[0])
    d_location = torch.zeros_like(location)
    d_state, d_cell, d_past = end or AttentionState(
        memory.new_zeros(batch, encoder_dim + dim),
        memory.new_zeros(batch, dim),
        past.new_zeros(batch, 2, past.shape[3]),
    )
    location_t = location.t()
    past_at, tanh_at, weights_at = past.unbind(0), tanh.unbind(0), trace.weights(tokens).unbind(0)
    d_gate_at, d_query_at = d_gates.unbind(0), d_queries.unbind(0)
    d_context_at, d_energy_at = d_contexts.unbind(0), d_energies.unbind(0)
    d_hidden_at, d_weights_at = d_hidden_out.unbind(0), d_weights_out.unbind(0)
    for t, d_context_from in reversed(list(enumerate(d_context_out.unbind(0)))):
        d_context = torch.add(d_context_from, d_state[:, :encoder_dim], out=d_context_at[t])
        d_weights = d_past.sum(1)[:, inside] + d_weights_at[t]
        d_weights += torch.bmm(memory, d_context.unsqueeze(2)).squeeze(2)
        d_inner = parts.attend_slopes(weights_at[t], d_weights, v, tanh_at[t], d_energy_at[t])
        d_processed += d_inner
        flat = d_inner.flatten(0, 1)
        d_location.addmm_(windows(past_at[t], size).flatten(0, 1).t(), flat)
        d_windows = torch.mm(flat, location_t).view(batch, tokens, 2, size).transpose(1, 2)
        d_sums = d_past[:, 1].clone()  # what came before enters every later sum
        d_past = torch.ops.aten.unfold_backward(d_windows, d_past.shape, 2, size, 1)
        d_past[:, 1] += d_sums
        d_query = torch.sum(d_inner, 1, out=d_query_at[t])
        d_hidden = torch.addmm(d_hidden_at[t], d_query, query) + d_state[:, encoder_dim:]
        if masks.dropout is not None:
            d_hidden *= masks.dropout[t]
        d_cell = parts.cell_slopes(slopes[t], d_hidden, d_cell, d_gate_at[t])
        d_state = torch.mm(d_gate_at[t], recurrent)
    d_v = tanh.flatten(0, 2).t() @ d_energies.flatten()
    return (
        AttentionSlopes(d_gates, d_contexts, d_queries, d_processed, d_location, d_v),
        AttentionState(d_state, d_cell, d_past),
    )


def windows(past: Tensor, size: int) -> Tensor:
    """[B, 2, N+k-1] -> [B, N, 2·k]: what each token's location kernel sees."""
    return past.unfold(2, size, 1).transpose(1, 2).flatten(2)
