"""Free running in C++: the weights are packed once, and a call takes many steps."""

import ctypes
import weakref

import torch
from torch import Tensor

from trainer.model.recurrence.native_call import arguments, token_lengths
from trainer.model.recurrence.speech import Listened, PrenetMasks, SpeakerWeights, Spoken


class NativeSpeaker:
    """The ``Speaker`` of ``native/speech.h``."""

    def __init__(
        self,
        library: ctypes.CDLL,
        weights: SpeakerWeights,
        listened: Listened,
        gate_threshold: float,
    ) -> None:
        self._library, self._threshold = library, gate_threshold
        memory = listened.memory
        self._batch, self._tokens, encoder = memory.shape
        by_weights = self._batch == 1 and self._tokens < encoder
        if by_weights:
            weights = _by_weights(weights, memory[0])
        self._n_out, mels = len(weights.output), weights.prenet_1.shape[1]
        sizes = {
            "batch": self._batch, "tokens": self._tokens, "encoder": encoder,
            "dim": len(weights.v), "kernel": len(weights.location) // 2,
            "hidden": len(weights.attention) // 4, "decoder_hidden": len(weights.decoder) // 4,
            "mels": mels, "frames": (self._n_out - 1) // mels,
            "prenet_1_size": len(weights.prenet_1), "prenet_2_size": len(weights.prenet_2),
            "by_weights": by_weights, "threads": torch.get_num_threads(),
        }  # fmt: skip
        lengths = token_lengths(memory, listened.padding)
        told = arguments(
            "speech_begin", sizes, lengths=lengths, memory=memory,
            processed=listened.processed_memory, **weights._asdict(),
        )  # fmt: skip
        self._handle = library.speech_begin(ctypes.byref(told))
        if not self._handle:
            raise MemoryError(f"no memory left to speak with {sizes}")
        weakref.finalize(self, library.speech_end, self._handle)
        self._opened = torch.zeros(self._batch, dtype=torch.bool)

    def run(self, steps: int, masks: PrenetMasks | None) -> Spoken:
        """Take at most ``steps`` further steps."""
        outputs = torch.empty(steps, self._batch, self._n_out)
        weights = torch.empty(steps, self._batch, self._tokens)
        first, second = masks or (None, None)
        told = arguments(
            "speech_run", {"steps": steps}, gate_threshold=self._threshold, mask_1=first,
            mask_2=second, outputs=outputs, weights=weights, opened=self._opened,
        )  # fmt: skip
        taken = self._library.speech_run(self._handle, ctypes.byref(told))
        return Spoken(outputs[:taken], weights[:taken])

    @property
    def finished(self) -> bool:
        """Whether every row's gate has opened."""
        return bool(self._opened.all())


def _by_weights(weights: SpeakerWeights, memory: Tensor) -> SpeakerWeights:
    """Have the LSTMs act on the attention's weights [N] instead of the context they make [E].

    The context is the weights times ``memory`` [N, E], so both products become one, of fewer
    numbers to be read at each step: that is what one utterance alone waits for.
    """
    encoder = memory.shape[1]
    prenet, hidden = len(weights.prenet_2), len(weights.attention) // 4
    attention, decoder = (
        torch.cat((w[:, :at], w[:, at : at + encoder] @ memory.t(), w[:, at + encoder :]), dim=1)
        for w, at in ((weights.attention, prenet), (weights.decoder, hidden))
    )
    return weights._replace(attention=attention, decoder=decoder)
