"""The published network as NVIDIA/tacotron2 runs it: torch's kernels, and a loop over frames.

The oracle spells everything out, which costs it time that the public code does not spend. Here
its parameters go through ``Conv1d``, ``BatchNorm1d``, a packed ``LSTM``, ``LSTMCell`` and
``Linear``, the prenet runs over all teacher frames at once, the memory is projected once, and
autograd follows every operation of every frame.

Shapes: B utterances, N tokens, T frames, T' decoder steps, E encoder.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.oracle import load_published

_CLOSED_GATE = 1e3

Frames = tuple[Tensor, Tensor, Tensor]
"""Mel [B, n_mels, T], gate logits [B, T'], alignments [B, T', N]."""


@dataclass
class _State:
    """What one decoder step leaves to the next."""

    memory: Tensor  # [B, N, E]
    processed: Tensor  # [B, N, attention_dim]
    padding: Tensor | None  # [B, N]
    attended: tuple[Tensor, Tensor]  # hidden, cell [B, H]
    decoded: tuple[Tensor, Tensor]
    context: Tensor  # [B, E]
    weights: Tensor  # [B, N]
    cumulative: Tensor  # [B, N]


class PublishedLoop(nn.Module):
    """The oracle's parameters under its names; ``sizes`` are the oracle's."""

    def __init__(self, sizes: Any) -> None:
        super().__init__()
        oracle = load_published().PublishedTacotron2(sizes)
        self.sizes = sizes
        self.embedding: Any = oracle.embedding
        self.encoder: Any = oracle.encoder
        self.decoder: Any = oracle.decoder
        self.postnet: Any = oracle.postnet

    def forward(self, text: Tensor, text_lengths: Tensor, mels: Tensor, mel_lengths: Tensor) -> Any:
        """Teacher forcing, as the oracle's: the longest text first, T a multiple of r."""
        r, n_frames = self.sizes.n_frames_per_step, mels.shape[2]
        x = self._convolved(text)
        packed = pack_padded_sequence(x, text_lengths.cpu(), batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(
            self.encoder.lstm(packed)[0], batch_first=True, total_length=text.shape[1]
        )
        padding = torch.arange(text.shape[1], device=text.device) >= text_lengths[:, None]
        last = mels[:, :, r - 1 :: r].permute(2, 0, 1)  # [T', B, n_mels]
        frames = self._prenet(torch.cat((torch.zeros_like(last[:1]), last[:-1])))
        state = self._start(memory, padding)
        mel, gate, alignments = self._gather([self._step(frame, state) for frame in frames])
        postnet = mel + self._refined(mel)
        beyond = torch.arange(n_frames, device=mels.device) >= mel_lengths[:, None]  # [B, T]
        return load_published().Outputs(
            mel.masked_fill(beyond[:, None], 0.0),
            postnet.masked_fill(beyond[:, None], 0.0),
            gate.masked_fill(beyond[:, ::r], _CLOSED_GATE),
            alignments,
        )

    @torch.no_grad()
    def infer(self, text: Tensor, max_steps: int) -> Any:
        """Free running of texts [B, N] of one length, until every gate has opened."""
        memory, _ = self.encoder.lstm(self._convolved(text))
        state = self._start(memory, None)
        frame = memory.new_zeros(text.shape[0], self.sizes.n_mel_channels)
        steps: list[Frames] = []
        open_yet = torch.zeros(text.shape[0], dtype=torch.bool, device=text.device)
        while len(steps) < max_steps:
            steps.append(self._step(self._prenet(frame), state))
            open_yet |= torch.sigmoid(steps[-1][1]) > self.sizes.gate_threshold
            if bool(open_yet.all()):
                break
            frame = steps[-1][0][:, -self.sizes.n_mel_channels :]
        mel, gate, alignments = self._gather(steps)
        return load_published().Outputs(mel, mel + self._refined(mel), gate, alignments)

    def _convolved(self, text: Tensor) -> Tensor:
        """[B, N] -> [B, N, C]; the convolutions see the padding."""
        x = self.embedding(text).transpose(1, 2)
        for conv, norm in self.encoder.convolutions:
            x = F.relu(norm(_same_length(x, conv.conv)))
            x = F.dropout(x, self.sizes.encoder_dropout, self.training)
        return torch.as_tensor(x.transpose(1, 2))

    def _prenet(self, frames: Tensor) -> Tensor:
        """[..., n_mels] -> [..., prenet]; dropout is always on, as published."""
        for layer in self.decoder.prenet.layers:
            frames = F.dropout(F.relu(layer.linear_layer(frames)), self.sizes.prenet_dropout, True)
        return frames

    def _start(self, memory: Tensor, padding: Tensor | None) -> _State:
        batch, tokens, encoder = memory.shape
        attended = memory.new_zeros(batch, self.sizes.attention_rnn_dim)
        decoded = memory.new_zeros(batch, self.sizes.decoder_rnn_dim)
        none = memory.new_zeros(batch, tokens)
        processed = self.decoder.attention_layer.memory_layer.linear_layer(memory)
        return _State(
            memory, processed, padding, (attended, attended), (decoded, decoded),
            memory.new_zeros(batch, encoder), none, none,
        )  # fmt: skip

    def _step(self, frame: Tensor, state: _State) -> Frames:
        """One step: mel [B, r·n_mels], gate logits [B], weights [B, N]."""
        decoder, sizes = self.decoder, self.sizes
        hidden, cell = decoder.attention_rnn(torch.cat((frame, state.context), 1), state.attended)
        hidden = F.dropout(hidden, sizes.p_attention_dropout, self.training)
        state.attended = hidden, cell
        self._attend(hidden, state)
        decoded, cell = decoder.decoder_rnn(torch.cat((hidden, state.context), 1), state.decoded)
        decoded = F.dropout(decoded, sizes.p_decoder_dropout, self.training)
        state.decoded = decoded, cell
        features = torch.cat((decoded, state.context), 1)
        mel = decoder.linear_projection.linear_layer(features)
        return mel, decoder.gate_layer.linear_layer(features).squeeze(1), state.weights

    def _attend(self, hidden: Tensor, state: _State) -> None:
        """New weights and context from hidden [B, H] and the weights so far."""
        layer = self.decoder.attention_layer
        past = torch.stack((state.weights, state.cumulative), 1)  # [B, 2, N]
        located = _same_length(past, layer.location_layer.location_conv.conv).transpose(1, 2)
        inner = layer.query_layer.linear_layer(hidden.unsqueeze(1)) + state.processed
        inner = inner + layer.location_layer.location_dense.linear_layer(located)
        energies = layer.v.linear_layer(torch.tanh(inner)).squeeze(2)  # [B, N]
        if state.padding is not None:
            energies = energies.masked_fill(state.padding, -float("inf"))
        state.weights = F.softmax(energies, 1)
        state.context = torch.bmm(state.weights.unsqueeze(1), state.memory).squeeze(1)
        state.cumulative = state.cumulative + state.weights

    def _gather(self, steps: list[Frames]) -> Frames:
        mels, gates, alignments = zip(*steps, strict=True)
        mel = torch.stack(mels, 1)  # [B, T', r·n_mels]
        mel = mel.view(mel.shape[0], -1, self.sizes.n_mel_channels).transpose(1, 2)
        return mel.contiguous(), torch.stack(gates, 1), torch.stack(alignments, 1)

    def _refined(self, x: Tensor) -> Tensor:
        """The postnet's residual [B, n_mels, T]."""
        last = len(self.postnet.convolutions) - 1
        for i, (conv, norm) in enumerate(self.postnet.convolutions):
            x = norm(_same_length(x, conv.conv))
            x = F.dropout(
                torch.tanh(x) if i < last else x, self.sizes.postnet_dropout, self.training
            )
        return x


def _same_length(x: Tensor, conv: nn.Conv1d) -> Tensor:
    """[B, C, T] -> [B, C', T], zeros beyond the edges."""
    return F.conv1d(x, conv.weight, conv.bias, padding=(conv.kernel_size[0] - 1) // 2)
