"""The decoder: attention LSTM, location-sensitive attention, decoder LSTM, projections.

Under teacher forcing nothing feeds back from the decoder LSTM to the attention, so the attention
loop runs first, the decoder LSTM over all its outputs next, and the projections once at the end.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.attention import Attention, AttentionMemory
from trainer.model.layers import LinearNorm, full_precision, recurrence
from trainer.model.outputs import DecoderOutputs, ForcedDecoderOutputs
from trainer.model.prenet import Prenet
from trainer.model.recurrence import (
    AttentionInputs,
    AttentionMasks,
    Kernels,
    Listened,
    LstmMasks,
    SpeakerWeights,
    Spoken,
    attention_loop,
    kernels_for,
    sequence_lstm,
)

STEPS_A_DRAW = 64
"""Free-running steps whose prenet dropout is drawn together."""


class FrameDecoder(nn.Module):
    """Makes ``n_frames_per_step`` (r) mel frames a step; what both decoders of a model share."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.hparams = hparams
        encoder_dim = hparams.encoder_embedding_dim
        self.prenet = Prenet(hparams)
        self.attention_rnn = nn.LSTMCell(
            hparams.prenet_dims[-1] + encoder_dim, hparams.attention_rnn_dim
        )
        self.attention_layer = Attention(hparams)
        self.decoder_rnn = nn.LSTMCell(
            hparams.attention_rnn_dim + encoder_dim, hparams.decoder_rnn_dim
        )
        self.linear_projection = LinearNorm(
            hparams.decoder_rnn_dim + encoder_dim,
            hparams.n_mel_channels * hparams.n_frames_per_step,
        )

    def _forced(
        self, memory: Tensor, mels: Tensor, padding: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Teacher forcing up to the projections.

        Args:
            memory: [B, N, encoder_embedding_dim].
            mels: [B, n_mels, T] in model units, T a multiple of r.
            padding: [B, N] bool, True on padding tokens, or None.

        Returns:
            [decoder hidden; context] [T', B, decoder_rnn_dim + encoder_embedding_dim] and the
            alignments [B, T', N].
        """
        frames = self._teacher_frames(mels)  # [T', B, n_mels]
        fixed = self.attention_layer.prepare(memory, padding)
        prenet = self.prenet(frames)
        with recurrence(memory.device):
            hidden, contexts, weights = self._attend(prenet, fixed)
            decoded = self._decode(hidden, contexts)  # [T', B, decoder_rnn_dim]
        return torch.cat((decoded, contexts), dim=2), weights.transpose(0, 1)

    def _teacher_frames(self, mels: Tensor) -> Tensor:
        """The last frame of every step, delayed by one step behind the zero go-frame."""
        r = self.hparams.n_frames_per_step
        last = mels[:, :, r - 1 :: r].permute(2, 0, 1)  # [T', B, n_mels]
        return torch.cat((torch.zeros_like(last[:1]), last[:-1]))

    def _attend(self, prenet: Tensor, fixed: AttentionMemory) -> tuple[Tensor, Tensor, Tensor]:
        """The attention loop: [T', B, P] -> hidden [T', B, H], contexts [T', B, E], weights."""
        dim, layer, cell = prenet.shape[2], self.attention_layer, self.attention_rnn
        inputs = AttentionInputs(
            pre_gates=F.linear(
                full_precision(prenet), cell.weight_ih[:, :dim], cell.bias_ih + cell.bias_hh
            ),
            recurrent=torch.cat((cell.weight_ih[:, dim:], cell.weight_hh), dim=1),
            memory=full_precision(fixed.memory),
            processed_memory=full_precision(fixed.processed_memory),
            query=layer.query_layer.linear_layer.weight,
            location=full_precision(fixed.location_weight),
            v=layer.v.linear_layer.weight.squeeze(0),
        )
        dropout = self._state_dropout(prenet, cell.hidden_size, self.hparams.p_attention_dropout)
        masks = AttentionMasks(fixed.padding, dropout)
        return attention_loop(inputs, self._kernels(inputs.pre_gates), masks)

    def _decode(self, hidden: Tensor, contexts: Tensor) -> Tensor:
        """The decoder LSTM: [T', B, H] and [T', B, E] -> [T', B, decoder_rnn_dim]."""
        cell = self.decoder_rnn
        dropout = self._state_dropout(hidden, cell.hidden_size, self.hparams.p_decoder_dropout)
        kernels = self._kernels(hidden)
        if dropout is None and kernels.name != "native":
            return _library_lstm(cell, torch.cat((hidden, contexts), dim=2))
        # Two products instead of one on (hidden, context), which need not be copied together.
        pre_gates = F.linear(
            hidden, cell.weight_ih[:, : hidden.shape[2]], cell.bias_ih + cell.bias_hh
        ) + F.linear(contexts, cell.weight_ih[:, hidden.shape[2] :])
        return sequence_lstm(pre_gates, cell.weight_hh, kernels, LstmMasks(dropout))

    def _state_dropout(self, like: Tensor, dim: int, p: float) -> Tensor | None:
        """[T', B, dim] for a hidden state that is fed back; None without dropout."""
        if not (self.training and p):
            return None
        return F.dropout(full_precision(like).new_ones(*like.shape[:2], dim), p)

    def _kernels(self, like: Tensor) -> Kernels:
        return kernels_for(self.hparams.decoder_backend, like)

    def _frames(self, features: Tensor) -> Tensor:
        """[T', B, D+E] -> mel [B, n_mels, r·T']."""
        return self._frames_of(self.linear_projection(features))

    def _frames_of(self, outputs: Tensor) -> Tensor:
        """[T', B, r·n_mels] -> mel [B, n_mels, r·T']."""
        steps, batch = outputs.shape[:2]
        r, n_mels = self.hparams.n_frames_per_step, self.hparams.n_mel_channels
        mel = outputs.reshape(steps, batch, r, n_mels)
        return mel.permute(1, 3, 0, 2).reshape(batch, n_mels, steps * r)


class Decoder(FrameDecoder):
    """The published decoder: frames, and a gate that stops."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__(hparams)
        self.gate_layer = LinearNorm(
            hparams.decoder_rnn_dim + hparams.encoder_embedding_dim, 1, bias=True, gain="sigmoid"
        )

    def forward(self, memory: Tensor, mels: Tensor, padding: Tensor | None) -> ForcedDecoderOutputs:
        """Teacher forcing.

        Args:
            memory: [B, N, encoder_embedding_dim].
            mels: [B, n_mels, T] in model units, T a multiple of r.
            padding: [B, N] bool, True on padding tokens, or None.
        """
        features, alignments = self._forced(memory, mels, padding)
        mel, gate = self._project(features)
        return ForcedDecoderOutputs(mel, gate, alignments, features.transpose(0, 1))

    def _project(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """[T', B, D+E] -> mel [B, n_mels, r·T'] and gate logits [B, T']."""
        gate: Tensor = self.gate_layer(features).squeeze(2).t().contiguous()
        return self._frames(features), gate

    @torch.no_grad()
    def infer(
        self, memory: Tensor, padding: Tensor | None, max_steps: int
    ) -> tuple[DecoderOutputs, Tensor]:
        """Free running, the whole batch until every utterance has stopped.

        Args:
            memory: [B, N, encoder_embedding_dim].
            padding: [B, N] bool or None.
            max_steps: the cap on decoder steps.

        Returns:
            the outputs, and [B] the number of steps up to the stop (``max_steps`` + 1 where the
            gate never opened).
        """
        threshold = math.log(self.hparams.gate_threshold / (1 - self.hparams.gate_threshold))
        with recurrence(memory.device):
            fixed = self.attention_layer.prepare(full_precision(memory).contiguous(), padding)
            listened = Listened(fixed.memory, fixed.processed_memory, padding)
            kernels = self._kernels(fixed.memory)
            speaker = kernels.speaker(self._speaker_weights(fixed), listened, threshold)
            spoken: list[Spoken] = []
            for begin in range(0, max_steps, STEPS_A_DRAW):
                masks = self.prenet.masks(STEPS_A_DRAW, memory)
                steps = min(STEPS_A_DRAW, max_steps - begin)
                spoken.append(speaker.run(steps, masks))
                if speaker.finished:
                    break
        outputs = torch.cat([part.outputs for part in spoken])  # [T', B, r·n_mels + 1]
        gates = outputs[:, :, -1].t().contiguous()  # [B, T']
        opened = gates > threshold
        stop_step = torch.where(opened.any(1), opened.int().argmax(1) + 1, max_steps + 1)
        alignments = torch.cat([part.weights for part in spoken]).transpose(0, 1)
        mel = self._frames_of(outputs[:, :, :-1])
        return DecoderOutputs(mel, gates, alignments), stop_step

    def _speaker_weights(self, fixed: AttentionMemory) -> SpeakerWeights:
        first, second = self.prenet.weights()
        heard, told, layer = self.attention_rnn, self.decoder_rnn, self.attention_layer
        frames, gate = self.linear_projection.linear_layer, self.gate_layer.linear_layer
        return SpeakerWeights(
            prenet_1=first,
            prenet_2=second,
            attention=torch.cat((heard.weight_ih, heard.weight_hh), dim=1),
            attention_bias=heard.bias_ih + heard.bias_hh,
            query=layer.query_layer.linear_layer.weight,
            location=fixed.location_weight,
            v=layer.v.linear_layer.weight.squeeze(0),
            decoder=torch.cat((told.weight_ih, told.weight_hh), dim=1),
            decoder_bias=told.bias_ih + told.bias_hh,
            output=torch.cat((frames.weight, gate.weight)),
            output_bias=torch.cat((frames.bias, gate.bias)),
        )


def _library_lstm(cell: nn.LSTMCell, inputs: Tensor) -> Tensor:
    """[T', B, C] -> [T', B, H] by torch's sequence LSTM, which knows no dropout on its state."""
    parameters = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    start = inputs.new_zeros(1, inputs.shape[1], cell.hidden_size)
    outputs = torch.lstm(inputs, (start, start), parameters, True, 1, 0.0, False, False, False)[0]
    return torch.as_tensor(outputs)
