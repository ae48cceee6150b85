"""The LSTM's loops in chunks.

Shapes: T steps, B rows, H hidden; a chunk has K steps.
"""

from typing import overload

import torch
from torch import Tensor

from trainer.model.recurrence.chunks import Chunking
from trainer.model.recurrence.kernels import LstmMasks, LstmTrace
from trainer.model.recurrence.torch_lstm import (
    LstmState,
    lstm_backward,
    lstm_forward,
    rows_at_work,
)


class ChunkedLstm:
    """The loops of :mod:`trainer.model.recurrence.torch_lstm`, chunk by chunk."""

    def __init__(self, chunking: Chunking) -> None:
        self._chunking = chunking

    def forward(self, pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
        """Run the loop: pre_gates [T, B, 4·H], recurrent [4·H, H]."""
        steps = len(pre_gates)
        at_work = _in_order(rows_at_work(masks.lengths, steps, pre_gates), masks)
        pre_gates, dropout = _in_order(pre_gates, masks), _in_order(masks.dropout, masks)
        trace = LstmTrace.new(pre_gates, recurrent)
        hidden, cell = trace.states[0], trace.cells[0]
        run = self._chunking.begin(self._chunk, recurrent=recurrent)
        for chunk in self._chunking.of(steps):
            made = run(
                pre_gates=chunk.cut(pre_gates),
                dropout=chunk.cut(dropout),
                at_work=chunk.cut(at_work),
                hidden=hidden,
                cell=cell,
            )
            chunk.keep_states(trace.states, made.states)
            chunk.keep_states(trace.cells, made.cells)
            chunk.keep(trace.gates, made.gates)
            hidden, cell = made.states[-1], made.cells[-1]
        return LstmTrace(*(_in_order(tensor, masks) for tensor in trace))

    def slopes(
        self, d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
    ) -> Tensor:
        """From the gradient of the outputs [T, B, H] to that of ``pre_gates`` [T, B, 4·H]."""
        steps = len(d_hidden)
        d_hidden, dropout = _in_order(d_hidden, masks), _in_order(masks.dropout, masks)
        cells, gates = _in_order(trace.cells, masks), _in_order(trace.gates, masks)
        d_gates = torch.empty_like(gates)
        d_state = d_cell = torch.zeros_like(d_hidden[0])
        run = self._chunking.begin(self._slopes_chunk, recurrent=recurrent)
        for chunk in reversed(self._chunking.of(steps)):
            made, (d_state, d_cell) = run(
                d_hidden=chunk.cut(d_hidden),
                dropout=chunk.cut(dropout),
                cells=chunk.cut_states(cells),
                gates=chunk.cut(gates),
                d_state=d_state,
                d_cell=d_cell,
            )
            chunk.keep(d_gates, made)
        return _in_order(d_gates, masks)

    def _chunk(
        self,
        *,
        pre_gates: Tensor,
        dropout: Tensor | None,
        at_work: Tensor | None,
        hidden: Tensor,
        cell: Tensor,
        recurrent: Tensor,
    ) -> LstmTrace:
        masks, start = LstmMasks(dropout), LstmState(hidden, cell)
        return lstm_forward(pre_gates, recurrent, masks, at_work, start, self._chunking.parts)

    def _slopes_chunk(
        self,
        *,
        d_hidden: Tensor,
        dropout: Tensor | None,
        cells: Tensor,
        gates: Tensor,
        d_state: Tensor,
        d_cell: Tensor,
        recurrent: Tensor,
    ) -> tuple[Tensor, LstmState]:
        trace, end = LstmTrace(cells, cells, gates), LstmState(d_state, d_cell)  # hidden: not used
        masks = LstmMasks(dropout)
        return lstm_backward(d_hidden, recurrent, trace, masks, end, self._chunking.parts)


@overload
def _in_order(over_time: Tensor, masks: LstmMasks) -> Tensor: ...
@overload
def _in_order(over_time: None, masks: LstmMasks) -> None: ...
def _in_order(over_time: Tensor | None, masks: LstmMasks) -> Tensor | None:
    """Turned, where the loop runs from the last step: chunks run forwards only."""
    return over_time.flip(0) if masks.reverse and over_time is not None else over_time
