"""The model that speaks, in TorchScript: one program, whose loop ends when the speech does.

It is built from a trained model's weights out of plain layers, so that it needs nothing of this
package and runs on any device. What it computes is :meth:`trainer.model.Tacotron2.infer`;
:mod:`trainer.export.check` holds the two against each other. torch.export can't take the place of
TorchScript here: it has no loop that ends when every utterance of a padded batch has stopped.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trainer.data import MelScale
from trainer.model import Tacotron2
from trainer.model.attention import Attention
from trainer.model.decoder import STEPS_A_DRAW, Decoder
from trainer.model.prenet import Prenet
from trainer.model.style import TextPredictedStyle


class ConvolutionProgram(nn.Module):
    """Convolutions with BatchNorm; padding is kept at 0."""

    def __init__(self, convolutions: Iterable[Any], last_is_linear: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(c[0].conv, _plain_batch_norm(c[1])) for c in convolutions
        )
        self.relu = not last_is_linear
        self.last = len(self.layers) - 1

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, C, L] and its mask [B, 1, L]; ReLU throughout, or tanh on all but the last."""
        for i, layer in enumerate(self.layers):
            x = layer(x * mask)
            if self.relu:
                x = F.relu(x)
            elif i < self.last:
                x = torch.tanh(x)
        return x * mask


class PrenetProgram(nn.Module):
    """Two ReLU layers whose dropout stays on; it draws from torch's own generator, many steps
    at once."""

    def __init__(self, prenet: Prenet) -> None:
        super().__init__()
        layers: Iterable[Any] = prenet.layers
        self.layers = nn.ModuleList(layer.linear_layer for layer in layers)
        self.dropout = prenet.dropout
        self.sizes = [len(weight) for weight in prenet.weights()]

    def forward(self, x: Tensor, masks: list[Tensor], step: int) -> Tensor:
        """[B, n_mel_channels] -> [B, prenet_dims[-1]]."""
        for i, layer in enumerate(self.layers):
            x = F.relu(layer(x)) * masks[i][step]
        return x

    @torch.jit.export
    def masks(self, steps: int, like: Tensor) -> list[Tensor]:
        """Each layer's dropout [steps, B, its width] for a batch as large as ``like``'s."""
        masks: list[Tensor] = []
        for size in self.sizes:
            masks.append(F.dropout(torch.ones(steps, len(like), size).to(like), self.dropout))
        return masks


class AttentionProgram(nn.Module):
    """Location-sensitive attention, one step."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.query_layer = attention.query_layer.linear_layer
        self.memory_layer = attention.memory_layer.linear_layer
        self.v = attention.v.linear_layer
        self.kernel_size = attention.kernel_size
        self.location_weight = nn.Buffer(attention.location_layer.merged_weight().detach())

    def forward(
        self, query: Tensor, past: Tensor, memory: Tensor, processed: Tensor, padding: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Query [B, H] and weights and their sums [B, 2, N] -> context [B, E], weights [B, N]."""
        half = (self.kernel_size - 1) // 2
        windows = F.pad(past, (half, half)).unfold(2, self.kernel_size, 1)  # [B, 2, N, kernel]
        features = torch.matmul(windows.transpose(1, 2).flatten(2), self.location_weight)
        content = processed + self.query_layer(query).unsqueeze(1)
        energies = self.v(torch.tanh(features + content)).squeeze(-1)  # [B, N]
        weights = F.softmax(energies.masked_fill(padding, -float("inf")), dim=1)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights


class DecoderProgram(nn.Module):
    """The decoder, free running until every utterance of the batch has stopped."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        hparams = decoder.hparams
        self.prenet = PrenetProgram(decoder.prenet)
        self.attention_rnn = decoder.attention_rnn
        self.attention = AttentionProgram(decoder.attention_layer)
        self.decoder_rnn = decoder.decoder_rnn
        self.linear_projection = decoder.linear_projection.linear_layer
        self.gate_layer = decoder.gate_layer.linear_layer
        self.n_mels, self.r = hparams.n_mel_channels, hparams.n_frames_per_step
        self.attention_dim, self.decoder_dim = hparams.attention_rnn_dim, hparams.decoder_rnn_dim
        self.max_steps = hparams.max_decoder_steps
        self.steps_a_draw = STEPS_A_DRAW
        self.threshold = math.log(hparams.gate_threshold / (1 - hparams.gate_threshold))

    def forward(self, memory: Tensor, padding: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Memory [B, N, E], padding [B, N] -> mel [B, n_mels, r·T'], stop step [B], [B, T', N]."""
        batch, tokens, encoder_dim = memory.shape
        processed = self.attention.memory_layer(memory)
        hidden = memory.new_zeros([batch, self.attention_dim])
        memory_cell = hidden
        decoded = memory.new_zeros([batch, self.decoder_dim])
        decoder_cell = decoded
        context = memory.new_zeros([batch, encoder_dim])
        frame = memory.new_zeros([batch, self.n_mels])
        past = memory.new_zeros([batch, 2, tokens])
        stop_step = torch.full([batch], self.max_steps + 1, device=memory.device)
        mels: list[Tensor] = []
        alignments: list[Tensor] = []
        masks: list[Tensor] = []
        for step in range(1, self.max_steps + 1):
            drawn = (step - 1) % self.steps_a_draw
            if drawn == 0:
                masks = self.prenet.masks(self.steps_a_draw, memory)
            prenet = self.prenet(frame, masks, drawn)
            hidden, memory_cell = self.attention_rnn(
                torch.cat((prenet, context), dim=1), (hidden, memory_cell)
            )
            context, weights = self.attention(hidden, past, memory, processed, padding)
            past = torch.stack((weights, past[:, 1] + weights), dim=1)
            decoded, decoder_cell = self.decoder_rnn(
                torch.cat((hidden, context), dim=1), (decoded, decoder_cell)
            )
            features = torch.cat((decoded, context), dim=1)
            frames = self.linear_projection(features).view(batch, self.r, self.n_mels)
            frame = frames[:, -1]
            mels.append(frames)
            alignments.append(weights)
            opened = self.gate_layer(features).squeeze(1) > self.threshold
            first = opened & (stop_step > self.max_steps)
            stop_step = stop_step.masked_fill(first, step)
            if bool((stop_step <= self.max_steps).all()):
                break
        return torch.cat(mels, dim=1).transpose(1, 2), stop_step, torch.stack(alignments, dim=1)


class StyleProgram(nn.Module):
    """The style that a text suggests."""

    def __init__(self, predicted: TextPredictedStyle) -> None:
        super().__init__()
        self.gru, self.output = predicted.gru, predicted.output
        self.hidden = predicted.hidden.linear_layer

    def forward(self, memory: Tensor, text_lengths: Tensor) -> Tensor:
        """[B, N, E], [B] -> [B, E]."""
        packed = pack_padded_sequence(
            memory, text_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        state: Tensor = self.gru(packed)[1][0]  # [B, gst_reference_dim]
        style: Tensor = self.output(F.relu(self.hidden(state)))
        return style


class SpeakingProgram(nn.Module):
    """Symbols to natural log-mels."""

    def __init__(self, model: Tacotron2, scale: MelScale) -> None:
        super().__init__()
        self.embedding = model.embedding
        self.convolutions = ConvolutionProgram(model.encoder.convolutions, last_is_linear=False)
        self.lstm = model.encoder.lstm
        self.style = None if model.tpse is None else StyleProgram(model.tpse)
        self.decoder = DecoderProgram(model.decoder)
        self.postnet = ConvolutionProgram(model.postnet.convolutions, last_is_linear=True)
        self.mean, self.deviation = scale.mean, scale.deviation

    def forward(
        self, text: Tensor, text_lengths: Tensor, style: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Speak a padded batch.

        Args:
            text: [B, N] int64 symbol numbers, padded with 0.
            text_lengths: [B] int64.
            style: [B or 1, encoder_embedding_dim]; None: as the text suggests. A voice without
                styles has no use for it.

        Returns:
            mel [B, n_mels, T] natural log-mels, mel_lengths [B] (what lies beyond is noise),
            alignments [B, T / r, N], and stopped [B]: False where the cap cut the speech.
        """
        memory, padding = self.encode(text, text_lengths)
        if self.style is not None:
            chosen = self.style(memory, text_lengths) if style is None else style
            memory = memory + chosen.unsqueeze(1).masked_fill(padding.unsqueeze(2), 0.0)
        mel, stop_step, alignments = self.decoder(memory, padding)
        max_steps, r = self.decoder.max_steps, self.decoder.r
        mel_lengths = stop_step.clamp(max=max_steps) * r
        valid = torch.arange(mel.shape[2], device=mel.device)[None, :] < mel_lengths[:, None]
        refined = mel + self.postnet(mel, valid.unsqueeze(1))
        return refined * self.deviation + self.mean, mel_lengths, alignments, stop_step <= max_steps

    def encode(self, text: Tensor, text_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """[B, N], [B] -> memory [B, N, E] and padding [B, N] (True on padding)."""
        tokens = text.shape[1]
        valid = torch.arange(tokens, device=text.device)[None, :] < text_lengths[:, None]
        x = self.convolutions(self.embedding(text).transpose(1, 2), valid.unsqueeze(1))
        packed = pack_padded_sequence(
            x.transpose(1, 2), text_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        memory, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=tokens)
        return memory, ~valid


def _plain_batch_norm(norm: nn.BatchNorm1d) -> nn.BatchNorm1d:
    plain = nn.BatchNorm1d(norm.num_features, norm.eps)
    plain.load_state_dict(norm.state_dict())
    return plain
