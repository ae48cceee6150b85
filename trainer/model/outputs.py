"""What the model returns. B utterances, N tokens, T mel frames, T' = ceil(T / r) decoder steps."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class DecoderOutputs:
    """Of the decoder under teacher forcing."""

    mel_outputs: Tensor
    """[B, n_mels, r·T'], model units."""
    gate_outputs: Tensor
    """[B, T'], logits: stop at this step."""
    alignments: Tensor
    """[B, T', N], each row sums to 1."""


@dataclass(frozen=True)
class TacotronOutputs:
    """Of the whole model under teacher forcing."""

    mel_outputs: Tensor
    """[B, n_mels, T], model units, before the postnet."""
    mel_outputs_postnet: Tensor
    """[B, n_mels, T], model units."""
    gate_outputs: Tensor
    """[B, T'], logits."""
    alignments: Tensor
    """[B, T', N]."""


@dataclass(frozen=True)
class SynthesisOutputs:
    """Of free-running synthesis: every frame follows from the text alone."""

    mel_outputs_postnet: Tensor
    """[B, n_mels, r·T'], model units; valid up to ``mel_lengths``."""
    mel_lengths: Tensor
    """[B], frames up to the stop (or to the cap)."""
    alignments: Tensor
    """[B, T', N]; valid up to ``ceil(mel_lengths / r)``."""
    stopped: Tensor
    """[B], bool: the stop gate opened before the cap."""
