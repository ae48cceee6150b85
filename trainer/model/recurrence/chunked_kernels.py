"""The loops in chunks of one shape, whatever the utterances' lengths.

A shape that comes again can be captured: who runs the chunks is told from outside.
"""

from torch import Tensor

from trainer.model.recurrence.chunked_attention import ChunkedAttention
from trainer.model.recurrence.chunked_lstm import ChunkedLstm
from trainer.model.recurrence.chunks import Chunking
from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionSlopes,
    AttentionTrace,
    LstmMasks,
    LstmTrace,
)
from trainer.model.recurrence.speech import Listened, SpeakerWeights
from trainer.model.recurrence.torch_speech import TorchSpeaker


class ChunkedKernels:
    """PyTorch's operations, so many steps at once."""

    def __init__(self, name: str, chunking: Chunking) -> None:
        self.name = name
        self._lstm, self._attention = ChunkedLstm(chunking), ChunkedAttention(chunking)

    def lstm(self, pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
        """Run an LSTM: pre_gates [T, B, 4·H], recurrent [4·H, H]."""
        return self._lstm.forward(pre_gates, recurrent, masks)

    def lstm_slopes(
        self, d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
    ) -> Tensor:
        """From the gradient of its outputs [T, B, H] to that of ``pre_gates``."""
        return self._lstm.slopes(d_hidden, recurrent, trace, masks)

    def attention(self, inputs: AttentionInputs, masks: AttentionMasks) -> AttentionTrace:
        """Run the attention LSTM and the attention."""
        return self._attention.forward(inputs, masks)

    def attention_slopes(
        self,
        grads: tuple[Tensor, Tensor, Tensor],
        inputs: AttentionInputs,
        trace: AttentionTrace,
        masks: AttentionMasks,
    ) -> AttentionSlopes:
        """From the gradients of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N]."""
        return self._attention.slopes(grads, inputs, trace, masks)

    def speaker(
        self, weights: SpeakerWeights, listened: Listened, gate_threshold: float
    ) -> TorchSpeaker:
        """Begin to speak a batch; a step that waits for its last one's gate is no chunk."""
        return TorchSpeaker(weights, listened, gate_threshold)
