"""The attention loop of training, as one differentiable function.

Under teacher forcing the attention LSTM, the attention and the context feed back from step to
step, and nothing else does.

Shapes: B utterances, T steps, N tokens, H attention LSTM, E encoder, D attention dimension.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionTrace,
    Kernels,
)


def attention_loop(
    inputs: AttentionInputs, kernels: Kernels, masks: AttentionMasks
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the loop over all decoder steps.

    Returns:
        hidden [T, B, H], contexts [T, B, E] and alignments [T, B, N].
    """
    hidden, contexts, weights = _AttentionLoop.apply(  # type: ignore[no-untyped-call]
        *(tensor.contiguous() for tensor in inputs), kernels, masks
    )
    return hidden, contexts, weights


class _AttentionLoop(Function):
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        *tensors, kernels, masks = arguments
        inputs = AttentionInputs(*tensors)
        trace = kernels.attention(inputs, masks)
        ctx.save_for_backward(*inputs, *trace)
        ctx.kernels, ctx.masks = kernels, masks
        tokens, encoder_dim = inputs.memory.shape[1:]
        return (
            trace.hidden(encoder_dim).contiguous(),
            trace.states[1:, :, :encoder_dim].contiguous(),
            trace.weights(tokens).contiguous(),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        n_inputs = len(AttentionInputs._fields)
        inputs = AttentionInputs(*ctx.saved_tensors[:n_inputs])
        trace = AttentionTrace(*ctx.saved_tensors[n_inputs:])
        d_hidden, d_contexts, d_weights = (grad.contiguous() for grad in grads)
        slopes = ctx.kernels.attention_slopes(
            (d_hidden, d_contexts, d_weights), inputs, trace, ctx.masks
        )
        tokens, encoder_dim = inputs.memory.shape[1:]
        before = trace.states[:-1].flatten(0, 1)  # [T·B, E+H]
        hidden = trace.hidden(encoder_dim).flatten(0, 1)
        weights = trace.weights(tokens).permute(1, 2, 0)  # [B, N, T]
        d_inputs = AttentionInputs(
            pre_gates=slopes.gates,
            recurrent=slopes.gates.flatten(0, 1).t() @ before,
            memory=torch.bmm(weights, slopes.contexts.transpose(0, 1)),
            processed_memory=slopes.processed_memory,
            query=slopes.queries.flatten(0, 1).t() @ hidden,
            location=slopes.location,
            v=slopes.v,
        )
        return *d_inputs, None, None
