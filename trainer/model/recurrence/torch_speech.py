"""Free running in PyTorch."""

import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.recurrence.speech import Listened, PrenetMasks, SpeakerWeights, Spoken
from trainer.model.recurrence.torch_attention import windows
from trainer.model.recurrence.torch_parts import cell_forward

_TURNED_FROM = 3
"""Rows from which on a product is faster with weights that were turned once."""


class TorchSpeaker:
    """Takes steps by PyTorch operations."""

    def __init__(self, weights: SpeakerWeights, listened: Listened, gate_threshold: float) -> None:
        self._weights, self._listened, self._threshold = weights, listened, gate_threshold
        memory = listened.memory
        batch, tokens, encoder = memory.shape
        hidden, decoded = len(weights.attention) // 4, len(weights.decoder) // 4
        half = (len(weights.location) // 2 - 1) // 2
        self._size, self._inside = 2 * half + 1, slice(half, half + tokens)
        self._attention, self._decoder = (
            w.t().contiguous() if batch >= _TURNED_FROM else w.t()
            for w in (weights.attention, weights.decoder)
        )
        self._frame = memory.new_zeros(batch, weights.prenet_1.shape[1])
        self._context = memory.new_zeros(batch, encoder)
        self._hidden = memory.new_zeros(batch, hidden)
        self._decoded = memory.new_zeros(batch, decoded)
        self._cells = self._hidden.clone(), self._decoded.clone()
        self._past = memory.new_zeros(batch, 2, tokens + 2 * half)  # last weights and their sums
        self._opened = torch.zeros(batch, dtype=torch.bool, device=memory.device)

    def run(self, steps: int, masks: PrenetMasks | None) -> Spoken:
        """Take at most ``steps`` further steps."""
        outputs, weights = [], []
        for t in range(steps):
            self._attend(self._prenet(t, masks))
            outputs.append(self._say())
            weights.append(self._past[:, 0, self._inside])
            self._opened = self._opened | (outputs[-1][:, -1] > self._threshold)
            if self.finished:
                break
        return Spoken(torch.stack(outputs), torch.stack(weights))

    @property
    def finished(self) -> bool:
        """Whether every row's gate has opened."""
        return bool(self._opened.all())

    def _prenet(self, t: int, masks: PrenetMasks | None) -> Tensor:
        x = self._frame
        for layer, weight in enumerate((self._weights.prenet_1, self._weights.prenet_2)):
            x = F.relu(F.linear(x, weight))
            x = x if masks is None else x * masks[layer][t]
        return x

    def _attend(self, prenet: Tensor) -> None:
        w, listened = self._weights, self._listened
        heard = torch.cat((prenet, self._context, self._hidden), dim=1)
        gates = torch.addmm(w.attention_bias, heard, self._attention)
        self._hidden = torch.empty_like(self._hidden)
        cell_forward(gates, self._cells[0], self._cells[0], self._hidden)
        content = listened.processed_memory + F.linear(self._hidden, w.query).unsqueeze(1)
        energies = torch.tanh(content + windows(self._past, self._size) @ w.location) @ w.v
        if listened.padding is not None:
            energies = energies.masked_fill(listened.padding, torch.finfo(energies.dtype).min)
        weights = F.softmax(energies, dim=1)
        past = torch.zeros_like(self._past)
        past[:, 0, self._inside] = weights
        past[:, 1] = self._past[:, 1] + past[:, 0]
        self._past = past
        self._context = torch.bmm(weights.unsqueeze(1), listened.memory).squeeze(1)

    def _say(self) -> Tensor:
        w = self._weights
        told = torch.cat((self._hidden, self._context, self._decoded), dim=1)
        gates = torch.addmm(w.decoder_bias, told, self._decoder)
        self._decoded = torch.empty_like(self._decoded)
        cell_forward(gates, self._cells[1], self._cells[1], self._decoded)
        said = F.linear(torch.cat((self._decoded, self._context), dim=1), w.output, w.output_bias)
        self._frame = said[:, -1 - self._frame.shape[1] : -1]
        return said
