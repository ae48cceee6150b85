"""The reference encoder: a recording of any length becomes one vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from trainer.hparams import HParams
from trainer.model.layers import MaskedBatchNorm, length_mask


def halved(size: int) -> int:
    """What a convolution of stride 2 leaves of ``size``, as it leaves of lengths."""
    return (size + 1) // 2


class ReferenceConvolution(nn.Module):
    """3x3 with stride 2 in time and frequency, BatchNorm over valid frames, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
        nn.init.xavier_uniform_(self.conv.weight, gain=nn.init.calculate_gain("relu"))
        self.norm = MaskedBatchNorm(out_channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, C, T, F], 0 on padding -> [B, C', ceil(T/2), ceil(F/2)], 0 where mask is False.

        Args:
            x: [B, C, T, F].
            mask: [B, ceil(T/2)] bool, the frames that are valid afterwards.
        """
        y: Tensor = self.conv(x)
        # To BatchNorm, all frequencies of a frame are as valid as the frame.
        positions = mask.repeat_interleave(y.shape[3], dim=1)  # [B, T'·F']
        return F.relu(self.norm(y.flatten(2), positions)).view_as(y)


class ReferenceEncoder(nn.Module):
    """Wang et al. 2018, arXiv 1803.09017, section 3.2.

    Padding never enters: it is masked between the convolutions, and the GRU's state is taken at
    the last valid frame.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        channels, n_mels = 1, hparams.n_mel_channels
        for filters in hparams.gst_reference_filters:
            self.convolutions.append(ReferenceConvolution(channels, filters))
            channels, n_mels = filters, halved(n_mels)
        self.gru = nn.GRU(channels * n_mels, hparams.gst_reference_dim, batch_first=True)

    def forward(self, mels: Tensor, mel_lengths: Tensor) -> Tensor:
        """Encode a padded batch of recordings, of one frame or more.

        Args:
            mels: [B, n_mels, T], model units; anything beyond the lengths.
            mel_lengths: [B] frames.

        Returns:
            [B, gst_reference_dim].
        """
        valid = length_mask(mel_lengths, mels.shape[2])
        x = mels.masked_fill(~valid.unsqueeze(1), 0.0).transpose(1, 2).unsqueeze(1)
        lengths = mel_lengths
        for convolution in self.convolutions:
            lengths = torch.div(lengths + 1, 2, rounding_mode="floor")
            x = convolution(x, length_mask(lengths, halved(x.shape[2])))  # [B, C, T', F']
        frames = x.transpose(1, 2).flatten(2)  # [B, T', C·F']
        packed = pack_padded_sequence(frames, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return torch.as_tensor(self.gru(packed)[1][0])
