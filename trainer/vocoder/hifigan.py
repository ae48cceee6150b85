"""HiFi-GAN's generator (Kong et al. 2020, arXiv 2010.05646), keyed as the published code's."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.vocoder.hifigan_config import HifiGanConfig

_SLOPE = 0.1
_LAST_SLOPE = 0.01  # the published code leaves torch's default before the last convolution


class ResBlock1(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with a bypass."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)
        self.convs2 = nn.ModuleList(_dilated(channels, kernel_size, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        for first, second in zip(self.convs1, self.convs2, strict=True):
            x = x + second(F.leaky_relu(first(F.leaky_relu(x, _SLOPE)), _SLOPE))
        return x


class ResBlock2(nn.Module):
    """Dilated convolutions, each with a bypass."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_dilated(channels, kernel_size, d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C, L]."""
        for convolution in self.convs:
            x = x + convolution(F.leaky_relu(x, _SLOPE))
        return x


class HifiGanGenerator(nn.Module):
    """Log-mels to a waveform; weight norm is fused before its weights are loaded."""

    def __init__(self, config: HifiGanConfig) -> None:
        super().__init__()
        channels = config.upsample_initial_channel
        self.n_kernels = len(config.resblock_kernel_sizes)
        self.conv_pre = nn.Conv1d(config.num_mels, channels, 7, padding=3)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        block = ResBlock1 if config.resblock == "1" else ResBlock2
        shapes = tuple(
            zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
        )
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            self.ups.append(
                nn.ConvTranspose1d(
                    channels, channels // 2, kernel, rate, padding=(kernel - rate) // 2
                )
            )
            channels //= 2
            self.resblocks.extend(block(channels, size, dilations) for size, dilations in shapes)
        self.conv_post = nn.Conv1d(channels, 1, 7, padding=3)

    def forward(self, mel: Tensor) -> Tensor:
        """[B, num_mels, T] natural log-mels -> [B, 1, T · hop_size] samples in [-1, 1]."""
        x = self.conv_pre(mel)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, _SLOPE))
            blocks = self.resblocks[i * self.n_kernels : (i + 1) * self.n_kernels]
            total = torch.zeros_like(x)
            for block in blocks:
                total = total + block(x)
            x = total / self.n_kernels
        return torch.tanh(self.conv_post(F.leaky_relu(x, _LAST_SLOPE)))


def _dilated(channels: int, kernel_size: int, dilation: int) -> nn.Conv1d:
    padding = (kernel_size - 1) * dilation // 2
    return nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding)
