"""The style token layer: a bank of learned styles, and attention that mixes them."""

import math

import torch
from torch import Tensor, nn

from trainer.hparams import HParams
from trainer.model.layers import LinearNorm


class StyleTokens(nn.Module):
    """Wang et al. 2018, arXiv 1803.09017, section 3.2.2: multi-head attention over tanh'ed tokens.

    Each token has gst_token_dim / gst_n_heads numbers; every head mixes all tokens.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.n_heads = hparams.gst_n_heads
        self.head_dim = hparams.gst_token_dim // hparams.gst_n_heads
        self.tokens = nn.Parameter(torch.empty(hparams.gst_n_tokens, self.head_dim))
        nn.init.normal_(self.tokens, std=0.5)
        self.query = LinearNorm(hparams.gst_reference_dim, hparams.gst_token_dim, bias=False)
        self.key = LinearNorm(self.head_dim, hparams.gst_token_dim, bias=False)
        self.value = LinearNorm(self.head_dim, hparams.gst_token_dim, bias=False)

    def forward(self, reference: Tensor) -> Tensor:
        """[B, gst_reference_dim] -> [B, gst_token_dim]."""
        return self.mix(self.weights(reference))

    def weights(self, reference: Tensor) -> Tensor:
        """How much each head takes of each token: [B, H, n_tokens], summing to 1."""
        queries = self.query(reference).view(-1, self.n_heads, self.head_dim)
        scores = torch.einsum("bhd,hnd->bhn", queries, self._by_head(self.key))
        return torch.softmax(scores / math.sqrt(self.head_dim), dim=2)

    def mix(self, weights: Tensor) -> Tensor:
        """The tokens mixed by ``weights`` [B, H, n_tokens]: [B, gst_token_dim]."""
        return torch.einsum("bhn,hnd->bhd", weights, self._by_head(self.value)).flatten(1)

    def _by_head(self, projection: LinearNorm) -> Tensor:
        """The tokens as every head sees them: [H, n_tokens, head_dim]."""
        projected: Tensor = projection(torch.tanh(self.tokens))  # [n_tokens, H·head_dim]
        return projected.view(-1, self.n_heads, self.head_dim).transpose(0, 1)
