"""What a backend of the recurrences computes: loops over all steps, forward and backward.

Shapes: B utterances, T steps, N tokens, H hidden, E encoder, D attention dimension, k location
kernel. An LSTM's gates are in torch's order i, f, g, o.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from trainer.model.recurrence.speech import Listened, Speaker, SpeakerWeights


@dataclass(frozen=True)
class LstmMasks:
    """What is not differentiated."""

    dropout: Tensor | None = None
    """[T, B, H]: 0 or 1/(1-p), on the hidden state that is fed back; None without dropout."""
    lengths: Tensor | None = None
    """[B] steps; state and output are 0 outside. None: all steps of all rows."""
    reverse: bool = False
    """From the last step to the first."""


class LstmTrace(NamedTuple):
    """What the forward loop leaves to the backward one."""

    states: Tensor
    """[T+1, B, H]: hidden states, the one at the start (0) included."""
    cells: Tensor
    """[T+1, B, H]."""
    gates: Tensor
    """[T, B, 4·H], activated."""

    @classmethod
    def new(cls, pre_gates: Tensor, recurrent: Tensor) -> Self:
        """To be filled by a loop; all states are 0."""
        steps, batch, _ = pre_gates.shape
        states = pre_gates.new_zeros(steps + 1, batch, recurrent.shape[1])
        return cls(states, torch.zeros_like(states), torch.empty_like(pre_gates))


class AttentionInputs(NamedTuple):
    """What is differentiated."""

    pre_gates: Tensor
    """[T, B, 4·H], the part of the LSTM's gates that comes from prenet and biases."""
    recurrent: Tensor
    """[4·H, E+H], the LSTM's weights on (context, hidden)."""
    memory: Tensor
    """[B, N, E]."""
    processed_memory: Tensor
    """[B, N, D]."""
    query: Tensor
    """[D, H], the query layer's weight."""
    location: Tensor
    """[2·k, D], the merged location layers."""
    v: Tensor
    """[D], the energies' weight."""


@dataclass(frozen=True)
class AttentionMasks:
    """What is not differentiated."""

    padding: Tensor | None = None
    """[B, N] bool, True on the padding tokens at each row's end; None: there are none."""
    dropout: Tensor | None = None
    """[T, B, H]: 0 or 1/(1-p), on the hidden state that is fed back; None without dropout."""


class AttentionTrace(NamedTuple):
    """What the forward loop leaves to the backward one."""

    states: Tensor
    """[T+1, B, E+H]: (context, hidden), the ones at the start (0) included."""
    cells: Tensor
    """[T+1, B, H]."""
    gates: Tensor
    """[T, B, 4·H], activated."""
    past: Tensor
    """[T+1, B, 2, N+k-1]: the last weights and their sums, with (k-1)/2 zeros on both sides."""
    tanh: Tensor
    """[T, B, N, D], of the energies; anything on padding."""

    @classmethod
    def new(cls, inputs: AttentionInputs) -> Self:
        """To be filled by a loop; all states are 0."""
        steps, batch, n_gates = inputs.pre_gates.shape
        tokens, encoder_dim = inputs.memory.shape[1:]
        around = 2 * ((len(inputs.location) // 2 - 1) // 2)
        zeros, hidden = inputs.memory.new_zeros, n_gates // 4
        return cls(
            states=zeros(steps + 1, batch, encoder_dim + hidden),
            cells=zeros(steps + 1, batch, hidden),
            gates=torch.empty_like(inputs.pre_gates),
            past=zeros(steps + 1, batch, 2, tokens + around),
            tanh=inputs.memory.new_empty(steps, batch, tokens, len(inputs.v)),
        )

    def hidden(self, encoder_dim: int) -> Tensor:
        """[T, B, H]."""
        return self.states[1:, :, encoder_dim:]

    def weights(self, tokens: int) -> Tensor:
        """[T, B, N]."""
        half = (self.past.shape[3] - tokens) // 2
        return self.past[1:, :, 0, half : half + tokens]


class AttentionSlopes(NamedTuple):
    """Gradients, of which the loop makes all that need its order."""

    gates: Tensor
    """[T, B, 4·H], before activation."""
    contexts: Tensor
    """[T, B, E], all in all."""
    queries: Tensor
    """[T, B, D]."""
    processed_memory: Tensor
    """[B, N, D]."""
    location: Tensor
    """[2·k, D]."""
    v: Tensor
    """[D]."""

    @classmethod
    def new(cls, inputs: AttentionInputs) -> Self:
        """To be filled by a loop; what is a sum over steps is 0."""
        steps, batch, _ = inputs.pre_gates.shape
        return cls(
            gates=torch.empty_like(inputs.pre_gates),
            contexts=inputs.memory.new_empty(steps, batch, inputs.memory.shape[2]),
            queries=inputs.memory.new_empty(steps, batch, len(inputs.v)),
            processed_memory=torch.zeros_like(inputs.processed_memory),
            location=torch.zeros_like(inputs.location),
            v=torch.zeros_like(inputs.v),
        )


class Kernels(Protocol):
    """One backend."""

    name: str

    def lstm(self, pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
        """Run an LSTM: pre_gates [T, B, 4·H], recurrent [4·H, H]."""

    def lstm_slopes(
        self, d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
    ) -> Tensor:
        """From the gradient of its outputs [T, B, H] to that of ``pre_gates``."""

    def attention(self, inputs: AttentionInputs, masks: AttentionMasks) -> AttentionTrace:
        """Run the attention LSTM and the attention."""

    def attention_slopes(
        self,
        grads: tuple[Tensor, Tensor, Tensor],
        inputs: AttentionInputs,
        trace: AttentionTrace,
        masks: AttentionMasks,
    ) -> AttentionSlopes:
        """From the gradients of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N]."""

    def speaker(
        self, weights: SpeakerWeights, listened: Listened, gate_threshold: float
    ) -> Speaker:
        """Begin to speak a batch, until every gate's logit has been above the threshold."""
