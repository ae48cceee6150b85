"""The encoder: convolutions over characters, then a bidirectional LSTM."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trainer.hparams import HParams
from trainer.model.layers import ConvBatchNorm, full_precision, recurrence
from trainer.model.recurrence import LstmMasks, kernels_for, sequence_lstm


class Encoder(nn.Module):
    """Shen et al. 2018, section 2.2."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.dropout = hparams.encoder_dropout
        self.backend = hparams.decoder_backend
        channels = hparams.symbols_embedding_dim
        self.convolutions = nn.ModuleList()
        for _ in range(hparams.encoder_n_convolutions):
            self.convolutions.append(
                ConvBatchNorm(
                    channels, hparams.encoder_embedding_dim, hparams.encoder_kernel_size, "relu"
                )
            )
            channels = hparams.encoder_embedding_dim
        self.lstm = nn.LSTM(
            channels, hparams.encoder_embedding_dim // 2, batch_first=True, bidirectional=True
        )

    def forward(self, embedded: Tensor, lengths: Tensor, mask: Tensor | None) -> Tensor:
        """Encode a padded batch.

        Args:
            embedded: [B, N, symbols_embedding_dim].
            lengths: [B] token counts.
            mask: [B, N] bool of valid tokens to keep padding out, or None (published).

        Returns:
            memory [B, N, encoder_embedding_dim], 0 on padding.
        """
        x = embedded.transpose(1, 2)  # [B, C, N]
        if mask is not None:
            x = x * mask.unsqueeze(1)
        for convolution in self.convolutions:
            x = F.dropout(F.relu(convolution(x, mask)), self.dropout, self.training)
        with recurrence(x.device):
            return self._read(full_precision(x).transpose(1, 2), lengths)

    def _read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The LSTM, both ways: [B, N, C] -> [B, N, encoder_embedding_dim], 0 on padding."""
        if x.device.type != "cpu":
            return self._read_packed(x, lengths)
        kernels = kernels_for(self.backend, x)
        steps = x.transpose(0, 1)  # [N, B, C]
        both = []
        for suffix in ("", "_reverse"):
            w_x, w_h, b_x, b_h = (
                getattr(self.lstm, f"{name}_l0{suffix}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            masks = LstmMasks(lengths=lengths.cpu(), reverse=suffix == "_reverse")
            both.append(sequence_lstm(F.linear(steps, w_x, b_x + b_h), w_h, kernels, masks))
        return torch.cat(both, dim=2).transpose(0, 1).contiguous()

    def _read_packed(self, x: Tensor, lengths: Tensor) -> Tensor:
        """As :meth:`_read`, by cuDNN."""
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )
        return torch.as_tensor(memory)
