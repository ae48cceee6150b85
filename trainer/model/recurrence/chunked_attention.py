"""The attention's loops in chunks, the tokens filled up.

Shapes: T steps, B utterances, N tokens, H attention LSTM, E encoder, D attention dimension, k
location kernel; a chunk has K steps and N' tokens, a multiple of a round number.
"""

import torch
from torch import Tensor

from trainer.model.recurrence.chunks import Chunking, filled_up
from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionSlopes,
    AttentionTrace,
)
from trainer.model.recurrence.torch_attention import (
    AttentionState,
    attention_backward,
    attention_forward,
)


class ChunkedAttention:
    """The loops of :mod:`trainer.model.recurrence.torch_attention`, chunk by chunk."""

    def __init__(self, chunking: Chunking) -> None:
        self._chunking = chunking

    def forward(self, inputs: AttentionInputs, masks: AttentionMasks) -> AttentionTrace:
        """Run the loop over all decoder steps."""
        trace, state = AttentionTrace.new(inputs), self._zero_state(inputs)
        run = self._chunking.begin(self._chunk, **self._fixed(inputs, masks))
        for chunk in self._chunking.of(len(inputs.pre_gates)):
            made = run(
                pre_gates=chunk.cut(inputs.pre_gates),
                dropout=chunk.cut(masks.dropout),
                **state._asdict(),
            )
            for name in ("states", "cells", "past"):
                chunk.keep_states(getattr(trace, name), getattr(made, name))
            for name in ("gates", "tanh"):
                chunk.keep(getattr(trace, name), getattr(made, name))
            state = AttentionState(made.states[-1], made.cells[-1], made.past[-1])
        return trace

    def slopes(
        self,
        grads: tuple[Tensor, Tensor, Tensor],
        inputs: AttentionInputs,
        trace: AttentionTrace,
        masks: AttentionMasks,
    ) -> AttentionSlopes:
        """From the gradients of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N]."""
        d_hidden, d_contexts, d_weights = grads
        tokens = self._chunking.with_surplus(inputs.memory.shape[1])
        surplus = tokens - inputs.memory.shape[1]
        slopes, state = AttentionSlopes.new(inputs), self._zero_state(inputs)
        run = self._chunking.begin(self._slopes_chunk, **self._fixed(inputs, masks))
        for chunk in reversed(self._chunking.of(len(inputs.pre_gates))):
            made, state = run(
                d_hidden=chunk.cut(d_hidden),
                d_contexts=chunk.cut(d_contexts),
                d_weights=filled_up(chunk.cut(d_weights), 2, tokens),
                dropout=chunk.cut(masks.dropout),
                cells=chunk.cut_states(trace.cells),
                gates=chunk.cut(trace.gates),
                pasts=filled_up(chunk.cut_states(trace.past), 3, trace.past.shape[3] + surplus),
                tanh=filled_up(chunk.cut(trace.tanh), 2, tokens),
                **state._asdict(),
            )
            for name in ("gates", "contexts", "queries"):
                chunk.keep(getattr(slopes, name), getattr(made, name))
            slopes.processed_memory.add_(made.processed_memory[:, : inputs.memory.shape[1]])
            slopes.location.add_(made.location)
            slopes.v.add_(made.v)
        return slopes

    def _fixed(self, inputs: AttentionInputs, masks: AttentionMasks) -> dict[str, Tensor]:
        """What all chunks share; surplus tokens are padding."""
        tokens = self._chunking.with_surplus(inputs.memory.shape[1])
        fixed = inputs._asdict()
        del fixed["pre_gates"]
        for name in ("memory", "processed_memory"):
            fixed[name] = filled_up(fixed[name], 1, tokens)
        padding = masks.padding
        if padding is None:
            padding = inputs.memory.new_zeros(inputs.memory.shape[:2], dtype=torch.bool)
        return {**fixed, "padding": filled_up(padding, 1, tokens, value=True)}

    def _zero_state(self, inputs: AttentionInputs) -> AttentionState:
        """Before the first step; backward, behind the last one."""
        batch, tokens, encoder = inputs.memory.shape
        hidden, around = _sizes(inputs)
        new = inputs.memory.new_zeros
        return AttentionState(
            new(batch, encoder + hidden),
            new(batch, hidden),
            new(batch, 2, self._chunking.with_surplus(tokens) + around),
        )

    def _chunk(
        self,
        *,
        pre_gates: Tensor,
        dropout: Tensor | None,
        state: Tensor,
        cell: Tensor,
        past: Tensor,
        padding: Tensor,
        **weights: Tensor,
    ) -> AttentionTrace:
        return attention_forward(
            AttentionInputs(pre_gates, **weights),
            AttentionMasks(padding, dropout),
            AttentionState(state, cell, past),
            self._chunking.parts,
        )

    def _slopes_chunk(
        self,
        *,
        d_hidden: Tensor,
        d_contexts: Tensor,
        d_weights: Tensor,
        dropout: Tensor | None,
        cells: Tensor,
        gates: Tensor,
        pasts: Tensor,
        tanh: Tensor,
        state: Tensor,
        cell: Tensor,
        past: Tensor,
        padding: Tensor,
        **weights: Tensor,
    ) -> tuple[AttentionSlopes, AttentionState]:
        # What the gates were made of and the hidden states play no part on the way back.
        return attention_backward(
            (d_hidden, d_contexts, d_weights),
            AttentionInputs(gates, **weights),
            AttentionTrace(cells, cells, gates, pasts, tanh),
            AttentionMasks(padding, dropout),
            AttentionState(state, cell, past),
            self._chunking.parts,
        )


def _sizes(inputs: AttentionInputs) -> tuple[int, int]:
    """H, and k-1."""
    return inputs.recurrent.shape[0] // 4, inputs.location.shape[0] // 2 - 1
