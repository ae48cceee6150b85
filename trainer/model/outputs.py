"""What the model returns. B utterances, N tokens, T mel frames, T' = ceil(T / r) decoder steps."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class DecoderOutputs:
    """Of the decoder."""

    mel_outputs: Tensor
    """[B, n_mels, r·T'], model units."""
    gate_outputs: Tensor
    """[B, T'], logits: stop at this step."""
    alignments: Tensor
    """[B, T', N], each row sums to 1."""


@dataclass(frozen=True)
class ForcedDecoderOutputs(DecoderOutputs):
    """Of the decoder under teacher forcing."""

    features: Tensor
    """[B, T', decoder_rnn_dim + encoder_embedding_dim]: decoder hidden state and context."""


@dataclass(frozen=True)
class CoarseOutputs:
    """Of the coarse decoder, which makes ``ddc_r`` frames a step (double decoder consistency)."""

    mel_outputs: Tensor
    """[B, n_mels, T], model units, 0 beyond an utterance's frames."""
    alignments: Tensor
    """[B, ceil(T / ddc_r), N], each row sums to 1."""


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
    coarse: CoarseOutputs | None = None
    """Where ``use_ddc``."""
    recognised: Tensor | None = None
    """[B, T', n_symbols + 1], logits of the recogniser, the blank last; where ``use_mmi``."""
    style: Tensor | None = None
    """[B, encoder_embedding_dim], the style tokens' embedding of the reference; ``use_gst``."""
    predicted_style: Tensor | None = None
    """[B, encoder_embedding_dim], the style that the text alone suggests; where ``use_gst``."""


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
