"""The recurrences in PyTorch: any device, any precision."""

from torch import Tensor

from trainer.model.recurrence.kernels import (
    AttentionInputs,
    AttentionMasks,
    AttentionSlopes,
    AttentionTrace,
    LstmMasks,
    LstmTrace,
)
from trainer.model.recurrence.speech import Listened, SpeakerWeights
from trainer.model.recurrence.torch_attention import attention_backward, attention_forward
from trainer.model.recurrence.torch_lstm import lstm_backward, lstm_forward, rows_at_work
from trainer.model.recurrence.torch_speech import TorchSpeaker


class TorchKernels:
    """Loops of PyTorch operations, as few a step as the arithmetic allows."""

    name = "torch"

    def lstm(self, pre_gates: Tensor, recurrent: Tensor, masks: LstmMasks) -> LstmTrace:
        """Run an LSTM: pre_gates [T, B, 4·H], recurrent [4·H, H]."""
        at_work = rows_at_work(masks.lengths, len(pre_gates), pre_gates)
        return lstm_forward(pre_gates, recurrent, masks, at_work)

    def lstm_slopes(
        self, d_hidden: Tensor, recurrent: Tensor, trace: LstmTrace, masks: LstmMasks
    ) -> Tensor:
        """From the gradient of its outputs [T, B, H] to that of ``pre_gates``."""
        d_gates, _ = lstm_backward(d_hidden, recurrent, trace, masks)
        return d_gates

    def attention(self, inputs: AttentionInputs, masks: AttentionMasks) -> AttentionTrace:
        """Run the attention LSTM and the attention."""
        return attention_forward(inputs, masks)

    def attention_slopes(
        self,
        grads: tuple[Tensor, Tensor, Tensor],
        inputs: AttentionInputs,
        trace: AttentionTrace,
        masks: AttentionMasks,
    ) -> AttentionSlopes:
        """From the gradients of hidden [T, B, H], contexts [T, B, E] and weights [T, B, N]."""
        slopes, _ = attention_backward(grads, inputs, trace, masks)
        return slopes

    def speaker(
        self, weights: SpeakerWeights, listened: Listened, gate_threshold: float
    ) -> TorchSpeaker:
        """Begin to speak a batch, until every gate's logit has been above the threshold."""
        return TorchSpeaker(weights, listened, gate_threshold)
