"""The encoder: convolutions over characters, then a bidirectional LSTM."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from trainer.hparams import HParams
from trainer.model.layers import ConvBatchNorm, full_precision, recurrence


class Encoder(nn.Module):
    """Shen et al. 2018, section 2.2."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.dropout = hparams.encoder_dropout
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
        packed = pack_padded_sequence(
            full_precision(x).transpose(1, 2), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        with recurrence(x.device):
            outputs, _ = self.lstm(packed)
        memory, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[2])
        return torch.as_tensor(memory)
