"""The recurrences of the model: loops over steps, with their own backward passes.

Each is one differentiable function, which spares autograd its bookkeeping for every operation of
every step, and makes the weights' gradients in a few large products after the loop. The loops
themselves are :class:`Kernels`: in PyTorch, or in C++ (:mod:`trainer.model.recurrence.backend`).
"""

from trainer.model.recurrence.attention_loop import attention_loop
from trainer.model.recurrence.backend import DecoderBackend, describe_backend, kernels_for
from trainer.model.recurrence.kernels import AttentionInputs, AttentionMasks, Kernels, LstmMasks
from trainer.model.recurrence.lstm import sequence_lstm
from trainer.model.recurrence.native_library import NativeUnavailableError
from trainer.model.recurrence.speech import Listened, PrenetMasks, Speaker, SpeakerWeights, Spoken

__all__ = [
    "AttentionInputs",
    "AttentionMasks",
    "DecoderBackend",
    "Kernels",
    "Listened",
    "LstmMasks",
    "NativeUnavailableError",
    "PrenetMasks",
    "Speaker",
    "SpeakerWeights",
    "Spoken",
    "attention_loop",
    "describe_backend",
    "kernels_for",
    "sequence_lstm",
]
