"""The postnet: convolutions that predict a residual to the decoder's mel spectrogram."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.layers import ConvBatchNorm


class Postnet(nn.Module):
    """Shen et al. 2018, section 2.2: tanh on all but the last layer."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.dropout = hparams.postnet_dropout
        n_layers = hparams.postnet_n_convolutions
        sizes = (
            hparams.n_mel_channels,
            *[hparams.postnet_embedding_dim] * (n_layers - 1),
            hparams.n_mel_channels,
        )
        self.convolutions = nn.ModuleList(
            ConvBatchNorm(
                sizes[i],
                sizes[i + 1],
                hparams.postnet_kernel_size,
                "tanh" if i < n_layers - 1 else "linear",
            )
            for i in range(n_layers)
        )

    def forward(self, mel: Tensor, mask: Tensor | None) -> Tensor:
        """[B, n_mels, T] -> [B, n_mels, T]; ``mask`` [B, T] keeps padding out (None: published)."""
        x = mel if mask is None else mel * mask.unsqueeze(1)
        last = len(self.convolutions) - 1
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x, mask)
            x = F.dropout(torch.tanh(x) if i < last else x, self.dropout, self.training)
        return x
