"""The recurrences of the model: loops over steps, with their own backward passes.

Each is one differentiable function, which spares autograd its bookkeeping for every operation of
every step, and makes the weights' gradients in a few large products after the loop. The loops
themselves are :class:`Kernels`: in PyTorch, in C++ or as CUDA graphs
(:mod:`trainer.model.recurrence.backend`).
"""

from trainer.model.recurrence.attention_loop import attention_loop
from trainer.model.recurrence.backend import (
    BackendUnavailableError,
    DecoderBackend,
    describe_backend,
    kernels_for,
)
from trainer.model.recurrence.kernels import AttentionInputs, AttentionMasks, Kernels, LstmMasks
from trainer.model.recurrence.lstm import sequence_lstm
from trainer.model.recurrence.speech import Listened, PrenetMasks, Speaker, SpeakerWeights, Spoken

__all__ = [
    "AttentionInputs",
    "AttentionMasks",
    "BackendUnavailableError",
    "DecoderBackend",
    "Kernels",
    "Listened",
    "LstmMasks",
    "PrenetMasks",
    "Speaker",
    "SpeakerWeights",
    "Spoken",
    "attention_loop",
    "describe_backend",
    "kernels_for",
    "sequence_lstm",
]
