"""Text-predicted style: what the text alone suggests."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from trainer.hparams import HParams
from trainer.model.layers import LinearNorm


class TextPredictedStyle(nn.Module):
    """TPSE, Stanton et al. 2018, arXiv 1808.01410: a GRU over the text, then layers.

    As in the paper, gradients stop at its input: the prediction learns from the encoder and never
    bends it. Unlike there, the output has no tanh, since the style it predicts is projected and
    has no bounds; it starts at 0 as that style does.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        dim = hparams.gst_reference_dim
        self.gru = nn.GRU(hparams.encoder_embedding_dim, dim, batch_first=True)
        self.hidden = LinearNorm(dim, dim, gain="relu")
        self.output = nn.Linear(dim, hparams.encoder_embedding_dim)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, memory: Tensor, text_lengths: Tensor) -> Tensor:
        """The styles that texts suggest; padding never enters.

        Args:
            memory: [B, N, encoder_embedding_dim], the encoder's outputs, no style added.
            text_lengths: [B] tokens.

        Returns:
            [B, encoder_embedding_dim].
        """
        packed = pack_padded_sequence(
            memory.detach(), text_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        state = torch.as_tensor(self.gru(packed)[1][0])  # [B, gst_reference_dim]
        style: Tensor = self.output(F.relu(self.hidden(state)))
        return style
