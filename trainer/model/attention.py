"""Location-sensitive attention (Chorowski et al. 2015, arXiv 1506.07503)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.layers import ConvNorm, LinearNorm


class LocationLayer(nn.Module):
    """Features of where attention was: a convolution over past weights, then a projection."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.location_conv = ConvNorm(
            2,
            hparams.attention_location_n_filters,
            hparams.attention_location_kernel_size,
            bias=False,
        )
        self.location_dense = LinearNorm(
            hparams.attention_location_n_filters, hparams.attention_dim, bias=False, gain="tanh"
        )

    def merged_weight(self) -> Tensor:
        """Both layers are linear: as one matrix [2·kernel, attention_dim], made once a forward."""
        conv = self.location_conv.conv.weight  # [filters, 2, kernel]
        dense = self.location_dense.linear_layer.weight  # [attention_dim, filters]
        return (dense @ conv.flatten(1)).t().contiguous()


@dataclass(frozen=True)
class AttentionMemory:
    """What stays the same over all steps of one forward."""

    memory: Tensor
    """[B, N, encoder_embedding_dim]."""
    processed_memory: Tensor
    """[B, N, attention_dim]."""
    padding: Tensor | None
    """[B, N] bool, True on padding; None where there is none."""
    location_weight: Tensor
    """[2·kernel, attention_dim]."""


class Attention(nn.Module):
    """Scores each token by content (memory, query) and by where attention was before."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        dim = hparams.attention_dim
        self.query_layer = LinearNorm(hparams.attention_rnn_dim, dim, bias=False, gain="tanh")
        self.memory_layer = LinearNorm(hparams.encoder_embedding_dim, dim, bias=False, gain="tanh")
        self.v = LinearNorm(dim, 1, bias=False)
        self.location_layer = LocationLayer(hparams)
        self.kernel_size = hparams.attention_location_kernel_size

    def prepare(self, memory: Tensor, padding: Tensor | None) -> AttentionMemory:
        """What the steps share: memory [B, N, E] and its padding mask [B, N]."""
        return AttentionMemory(
            memory=memory,
            processed_memory=self.memory_layer(memory),
            padding=padding,
            location_weight=self.location_layer.merged_weight(),
        )

    def forward(
        self, query: Tensor, weights: Tensor, cumulative: Tensor, fixed: AttentionMemory
    ) -> tuple[Tensor, Tensor]:
        """One step.

        Args:
            query: [B, attention_rnn_dim], the attention LSTM's hidden state.
            weights: [B, N], of the step before.
            cumulative: [B, N], the sum of all steps before.
            fixed: from :meth:`prepare`.

        Returns:
            context [B, encoder_embedding_dim] and the new weights [B, N].
        """
        half = (self.kernel_size - 1) // 2
        past = F.pad(torch.stack((weights, cumulative), dim=1), (half, half))  # [B, 2, N+k-1]
        # unfold + matrix product: on CPU far cheaper than a convolution of two channels
        windows = past.unfold(2, self.kernel_size, 1).transpose(1, 2).flatten(2)  # [B, N, 2k]
        features = torch.matmul(windows, fixed.location_weight)  # [B, N, attention_dim]
        content = fixed.processed_memory + self.query_layer(query).unsqueeze(1)
        energies = self.v(torch.tanh(features + content)).squeeze(-1)  # [B, N]
        if fixed.padding is not None:
            energies = energies.masked_fill(fixed.padding, torch.finfo(energies.dtype).min)
        new_weights = F.softmax(energies, dim=1)
        context = torch.bmm(new_weights.unsqueeze(1), fixed.memory).squeeze(1)
        return context, new_weights
