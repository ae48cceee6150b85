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
from trainer.model.attention_loop import Masks, attention_loop
from trainer.model.layers import LinearNorm, recurrence
from trainer.model.outputs import DecoderOutputs, ForcedDecoderOutputs
from trainer.model.prenet import Prenet


def lstm_cell(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """The LSTM's pointwise half: gates [B, 4·H] (i, f, g, o) and cell [B, H] -> hidden, cell."""
    i, f, g, o = gates.chunk(4, 1)
    cell = torch.addcmul(f.sigmoid() * cell, i.sigmoid(), g.tanh())
    return o.sigmoid() * cell.tanh(), cell


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
        hidden, contexts, weights = self._attend(self.prenet(frames), fixed)
        with recurrence(memory.device):
            decoded = self._decode(torch.cat((hidden, contexts), dim=2))  # [T', B, decoder_rnn_dim]
        return torch.cat((decoded, contexts), dim=2), weights.transpose(0, 1)

    def _teacher_frames(self, mels: Tensor) -> Tensor:
        """The last frame of every step, delayed by one step behind the zero go-frame."""
        r = self.hparams.n_frames_per_step
        last = mels[:, :, r - 1 :: r].permute(2, 0, 1)  # [T', B, n_mels]
        return torch.cat((torch.zeros_like(last[:1]), last[:-1]))

    def _attend(self, prenet: Tensor, fixed: AttentionMemory) -> tuple[Tensor, Tensor, Tensor]:
        """The attention loop: [T', B, P] -> hidden [T', B, H], contexts [T', B, E], weights."""
        dim = prenet.shape[2]
        cell = self.attention_rnn
        recurrent = torch.cat((cell.weight_ih[:, dim:], cell.weight_hh), dim=1)
        pre_gates = F.linear(prenet, cell.weight_ih[:, :dim], cell.bias_ih + cell.bias_hh)
        layer, p = self.attention_layer, self.hparams.p_attention_dropout
        dropout = None
        if self.training and p:
            shape = (*prenet.shape[:2], self.hparams.attention_rnn_dim)
            dropout = F.dropout(prenet.new_ones(shape), p)
        return attention_loop(
            pre_gates,
            recurrent,
            fixed.memory,
            fixed.processed_memory,
            layer.query_layer.linear_layer.weight,
            fixed.location_weight,
            layer.v.linear_layer.weight.squeeze(0),
            Masks(fixed.padding, dropout),
        )

    def _decode(self, inputs: Tensor) -> Tensor:
        """The decoder LSTM: [T', B, H+E] -> [T', B, decoder_rnn_dim]."""
        cell = self.decoder_rnn
        hidden = inputs.new_zeros(inputs.shape[1], self.hparams.decoder_rnn_dim)
        if not (self.training and self.hparams.p_decoder_dropout):
            # Without dropout on the recurrent state a sequence LSTM is the same function.
            parameters = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
            state = (hidden.unsqueeze(0), hidden.unsqueeze(0))
            outputs = torch.lstm(inputs, state, parameters, True, 1, 0.0, False, False, False)[0]
            return torch.as_tensor(outputs)
        pre_gates = F.linear(inputs, cell.weight_ih, cell.bias_ih + cell.bias_hh)
        recurrent, memory_cell = cell.weight_hh.t(), hidden
        decoded = []
        for pre_gate in pre_gates.unbind(0):
            gates = torch.addmm(pre_gate, hidden, recurrent)
            hidden, memory_cell = lstm_cell(gates, memory_cell)
            hidden = F.dropout(hidden, self.hparams.p_decoder_dropout, self.training)
            decoded.append(hidden)
        return torch.stack(decoded)

    def _frames(self, features: Tensor) -> Tensor:
        """[T', B, D+E] -> mel [B, n_mels, r·T']."""
        steps, batch = features.shape[:2]
        r, n_mels = self.hparams.n_frames_per_step, self.hparams.n_mel_channels
        mel: Tensor = self.linear_projection(features).view(steps, batch, r, n_mels)
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
        fixed = self.attention_layer.prepare(memory, padding)
        batch, tokens, encoder_dim = memory.shape
        hidden = memory_cell = memory.new_zeros(batch, self.hparams.attention_rnn_dim)
        decoded = decoder_cell = memory.new_zeros(batch, self.hparams.decoder_rnn_dim)
        context = memory.new_zeros(batch, encoder_dim)
        weights = cumulative = memory.new_zeros(batch, tokens)
        frame = memory.new_zeros(batch, self.hparams.n_mel_channels)
        stop_step = torch.full((batch,), max_steps + 1, device=memory.device)
        threshold = math.log(self.hparams.gate_threshold / (1 - self.hparams.gate_threshold))
        mels, gates, alignments = [], [], []
        for step in range(1, max_steps + 1):
            hidden, memory_cell = self.attention_rnn(
                torch.cat((self.prenet(frame), context), dim=1), (hidden, memory_cell)
            )
            context, weights = self.attention_layer(hidden, weights, cumulative, fixed)
            cumulative = cumulative + weights
            decoded, decoder_cell = self.decoder_rnn(
                torch.cat((hidden, context), dim=1), (decoded, decoder_cell)
            )
            mel, gate = self._project(torch.cat((decoded, context), dim=1).unsqueeze(0))
            frame = mel[:, :, -1]
            mels.append(mel)
            gates.append(gate)
            alignments.append(weights)
            opened = (gate.squeeze(1) > threshold) & (stop_step > max_steps)
            stop_step = torch.where(opened, step, stop_step)
            if bool((stop_step <= max_steps).all()):
                break
        outputs = DecoderOutputs(
            torch.cat(mels, dim=2), torch.cat(gates, dim=1), torch.stack(alignments, dim=1)
        )
        return outputs, stop_step
