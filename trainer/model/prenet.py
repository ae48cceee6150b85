"""The prenet: a bottleneck with dropout that stays on, so that the decoder needs attention."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.layers import LinearNorm
from trainer.model.recurrence import PrenetMasks


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
            x = F.dropout(F.relu(layer(x)), self.dropout, training=True)
        return x

    def masks(self, steps: int, like: Tensor) -> PrenetMasks | None:
        """Dropout for so many steps of a batch as large as ``like``'s; None without dropout.

        Drawn by ``F.dropout``, as an exported voice draws it: the same seed, the same speech.
        """
        if not self.dropout:
            return None
        first, second = (
            F.dropout(weight.new_ones(steps, len(like), len(weight)), self.dropout)
            for weight in self.weights()
        )
        return PrenetMasks(first, second)

    def weights(self) -> tuple[Tensor, Tensor]:
        """[P1, n_mels] and [P2, P1]."""
        first, second = (layer.get_parameter("linear_layer.weight") for layer in self.layers)
        return first, second
