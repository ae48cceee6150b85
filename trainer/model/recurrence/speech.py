"""Free running: what a decoder needs to speak step by step, whoever computes it.

Shapes: B utterances, N tokens, H attention LSTM, H' decoder LSTM, E encoder, D attention dimension,
P prenet layers, k location kernel, r frames a step.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor


class SpeakerWeights(NamedTuple):
    """The decoder's weights, in the order in which a step uses them."""

    prenet_1: Tensor
    """[P1, n_mels]."""
    prenet_2: Tensor
    """[P2, P1]."""
    attention: Tensor
    """[4·H, P2+E+H], on (prenet, context, hidden)."""
    attention_bias: Tensor
    """[4·H]."""
    query: Tensor
    """[D, H]."""
    location: Tensor
    """[2·k, D]."""
    v: Tensor
    """[D]."""
    decoder: Tensor
    """[4·H', H+E+H'], on (hidden, context, decoded)."""
    decoder_bias: Tensor
    """[4·H']."""
    output: Tensor
    """[r·n_mels + 1, H'+E], on (decoded, context): frames, then the gate."""
    output_bias: Tensor
    """[r·n_mels + 1]."""


@dataclass(frozen=True)
class Listened:
    """What is spoken: the encoder's side."""

    memory: Tensor
    """[B, N, E]."""
    processed_memory: Tensor
    """[B, N, D]."""
    padding: Tensor | None
    """[B, N] bool, True on the padding tokens at each row's end; None: there are none."""


class PrenetMasks(NamedTuple):
    """The prenet's dropout of T steps, 0 or 1/(1-p)."""

    first: Tensor
    """[T, B, P1]."""
    second: Tensor
    """[T, B, P2]."""


class Spoken(NamedTuple):
    """Some steps; as many as there were until every row's gate had opened."""

    outputs: Tensor
    """[T, B, r·n_mels + 1]: frames, then the gate's logit."""
    weights: Tensor
    """[T, B, N]."""


class Speaker(Protocol):
    """One batch being spoken; it remembers where it was."""

    def run(self, steps: int, masks: PrenetMasks | None) -> Spoken:
        """Take at most ``steps`` further steps."""

    @property
    def finished(self) -> bool:
        """Whether every row's gate has opened."""
