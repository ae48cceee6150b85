"""The recurrences in C++: float32 on the CPU.

The library sees addresses: every tensor of a call is held here until it returns.
"""

import ctypes

import torch
from torch import Tensor

from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionSlopes,
    AttentionTrace,
    LstmMasks,
    LstmTrace,
)
from trainer.model.recurrence.native_call import call, token_lengths
from trainer.model.recurrence.native_speech import NativeSpeaker
from trainer.model.recurrence.speech import Listened, SpeakerWeights


class NativeKernels:
    """The loops of ``native/recurrence.cpp``."""

    name = "native"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.speech_begin.restype = ctypes.c_void_p
        library.speech_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        library.speech_run.restype = ctypes.c_int64
        library.speech_end.argtypes = [ctypes.c_void_p]
        library.speech_end.restype = None

    def lstm(self, pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
        """Run an LSTM: pre_gates [T, B, 4·H], recurrent [4·H, H]."""
        steps, batch, _ = pre_gates.shape
        dim = recurrent.shape[1]
        trace = LstmTrace.new(pre_gates, recurrent)
        call(
            self._library, "lstm_forward", {"steps": steps, "batch": batch, "hidden": dim},
            reverse=masks.reverse, lengths=masks.lengths, recurrent=recurrent,
            pre_gates=pre_gates, dropout=masks.dropout, **trace._asdict(),
        )  # fmt: skip
        return trace

    def lstm_slopes(
        self, d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
    ) -> Tensor:
        """From the gradient of its outputs [T, B, H] to that of ``pre_gates``."""
        steps, batch, dim = d_hidden.shape
        d_gates = torch.empty_like(trace.gates)
        call(
            self._library, "lstm_backward", {"steps": steps, "batch": batch, "hidden": dim},
            reverse=masks.reverse, recurrent=recurrent, gates=trace.gates, cells=trace.cells,
            dropout=masks.dropout, d_hidden=d_hidden, d_gates=d_gates,
        )  # fmt: skip
        return d_gates

    def attention(self, inputs: AttentionInputs, masks: AttentionMasks) -> AttentionTrace:
        """Run the attention LSTM and the attention."""
        trace = AttentionTrace.new(inputs)
        call(
            self._library, "attention_forward", _sizes(inputs),
            lengths=token_lengths(inputs.memory, masks.padding), recurrent=inputs.recurrent,
            query=inputs.query, location=inputs.location, v=inputs.v, memory=inputs.memory,
            processed=inputs.processed_memory, pre_gates=inputs.pre_gates,
            dropout=masks.dropout, **trace._asdict(),
        )  # fmt: skip
        return trace

    def attention_slopes(
        self,
        grads: tuple[Tensor, Tensor, Tensor],
        inputs: AttentionInputs,
        trace: AttentionTrace,
        masks: AttentionMasks,
    ) -> AttentionSlopes:
        """From the gradients of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N]."""
        d_hidden, d_contexts, d_weights = grads
        slopes = AttentionSlopes.new(inputs)
        call(
            self._library, "attention_backward", _sizes(inputs),
            lengths=token_lengths(inputs.memory, masks.padding), recurrent=inputs.recurrent,
            query=inputs.query, location=inputs.location, v=inputs.v, memory=inputs.memory,
            dropout=masks.dropout, cells=trace.cells, past=trace.past, gates=trace.gates,
            tanh=trace.tanh, d_hidden=d_hidden, d_context=d_contexts, d_weights=d_weights,
            d_gates=slopes.gates, d_contexts=slopes.contexts, d_queries=slopes.queries,
            d_processed=slopes.processed_memory, d_location=slopes.location, d_v=slopes.v,
        )  # fmt: skip
        return slopes

    def speaker(
        self, weights: SpeakerWeights, listened: Listened, gate_threshold: float
    ) -> NativeSpeaker:
        """Begin to speak a batch, until every gate's logit has been above the threshold."""
        return NativeSpeaker(self._library, weights, listened, gate_threshold)


def _sizes(inputs: AttentionInputs) -> dict[str, int]:
    steps, batch, n_gates = inputs.pre_gates.shape
    tokens, encoder_dim = inputs.memory.shape[1:]
    return {
        "steps": steps, "batch": batch, "tokens": tokens, "hidden": n_gates // 4,
        "encoder": encoder_dim, "dim": inputs.v.shape[0], "kernel": inputs.location.shape[0] // 2,
    }  # fmt: skip
