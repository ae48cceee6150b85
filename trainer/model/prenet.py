"""The prenet: a bottleneck with dropout that stays on, so that the decoder needs attention."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.layers import LinearNorm


class Prenet(nn.Module):
    """Two ReLU layers; dropout in training **and** synthesis (Shen et al. 2018, section 2.2)."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.dropout = hparams.prenet_dropout
        sizes = (hparams.n_mel_channels, *hparams.prenet_dims)
        self.layers = nn.ModuleList(
            LinearNorm(in_dim, out_dim, bias=False) for in_dim, out_dim in pairwise(sizes)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """[..., n_mel_channels] -> [..., prenet_dims[-1]]."""
        x = frames
        for layer in self.layers:
            x = torch.as_tensor(F.dropout(F.relu(layer(x)), self.dropout, training=True))
        return x
