"""The recogniser of MMI: it tells from the decoder's features which symbols are being spoken.

Liu et al. 2019, "Maximizing Mutual Information for Tacotron", arXiv 1909.01145. It is kept this
simple on purpose: a strong one would recognise acoustic detail by itself, and leave the decoder
nothing to learn. It lives in training alone.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.layers import LinearNorm


class Recogniser(nn.Module):
    """One hidden layer with ReLU, then a score for each symbol and for CTC's blank."""

    def __init__(self, hparams: HParams, n_symbols: int) -> None:
        super().__init__()
        dim = hparams.decoder_rnn_dim
        self.hidden_layer = LinearNorm(dim + hparams.encoder_embedding_dim, dim, gain="relu")
        self.symbol_layer = LinearNorm(dim, n_symbols + 1)

    def forward(self, features: Tensor) -> Tensor:
        """Decoder features [B, T', D+E] -> logits [B, T', n_symbols + 1], the blank last."""
        logits: Tensor = self.symbol_layer(F.relu(self.hidden_layer(features)))
        return logits
