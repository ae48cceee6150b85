"""An LSTM over a sequence whose recurrent state may be dropped out (which ``nn.LSTM`` can't)."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from trainer.model.recurrence.kernels import Kernels, LstmMasks, LstmTrace


def sequence_lstm(
    pre_gates: Tensor, recurrent: Tensor, kernels: Kernels, masks: LstmMasks | None = None
) -> Tensor:
    """Run over all steps.

    Args:
        pre_gates: [T, B, 4·H], what inputs and biases add to the gates i, f, g, o.
        recurrent: [4·H, H], the weights on the hidden state.
        kernels: who computes it.
        masks: dropout, lengths, direction.

    Returns:
        hidden states [T, B, H], after dropout.
    """
    outputs: Tensor = _SequenceLstm.apply(  # type: ignore[no-untyped-call]
        pre_gates.contiguous(), recurrent.contiguous(), kernels, masks or LstmMasks()
    )
    return outputs


class _SequenceLstm(Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        pre_gates, recurrent, kernels, masks = inputs
        trace = kernels.lstm(pre_gates, recurrent, masks)
        ctx.save_for_backward(recurrent, *trace)
        ctx.kernels, ctx.masks = kernels, masks
        hidden: Tensor = trace.states[:-1] if masks.reverse else trace.states[1:]
        return hidden.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hidden: Tensor) -> tuple[Tensor | None, ...]:
        recurrent, *saved = ctx.saved_tensors
        trace = LstmTrace(*saved)
        d_gates = ctx.kernels.lstm_slopes(d_hidden.contiguous(), recurrent, trace, ctx.masks)
        before = trace.states[1:] if ctx.masks.reverse else trace.states[:-1]
        d_recurrent = torch.mm(d_gates.flatten(0, 1).t(), before.flatten(0, 1))
        return d_gates, d_recurrent, None, None
