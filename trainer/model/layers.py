"""Linear, convolution and batch-norm layers with NVIDIA/tacotron2's names and initialisation."""

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.model.row_convolution import convolve_rows
from trainer.model.valid_rows import Spread, valid_places

Gain = Literal["linear", "relu", "tanh", "sigmoid"]


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """[B] lengths -> [B, size] bool, True on valid positions."""
    return torch.arange(size, device=lengths.device)[None, :] < lengths[:, None]


def full_precision(tensor: Tensor) -> Tensor:
    """``tensor`` as float32 where autocast had made it half precision, else itself."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def recurrence(device: torch.device) -> torch.autocast:
    """No autocast: what feeds back over hundreds of steps stays in full precision."""
    return torch.autocast(device.type, enabled=False)


class LinearNorm(nn.Module):
    """A Xavier-initialised linear layer under the key ``linear_layer``."""

    def __init__(self, in_dim: int, out_dim: int, bias: bool = True, gain: Gain = "linear") -> None:
        super().__init__()
        self.linear_layer = nn.Linear(in_dim, out_dim, bias=bias)
        nn.init.xavier_uniform_(self.linear_layer.weight, gain=nn.init.calculate_gain(gain))

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_dim] -> [..., out_dim]."""
        return F.linear(x, self.linear_layer.weight, self.linear_layer.bias)


class ConvNorm(nn.Module):
    """A Xavier-initialised, length-keeping 1-D convolution under the key ``conv``."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        bias: bool = True,
        gain: Gain = "linear",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(
            in_channels, out_channels, kernel_size, padding=(kernel_size - 1) // 2, bias=bias
        )
        nn.init.xavier_uniform_(self.conv.weight, gain=nn.init.calculate_gain(gain))

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, T] -> [B, out_channels, T]."""
        out: Tensor = self.conv(x)
        return out

    def rows(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, in_channels, T], 0 where the mask [B, T] is False -> [valid, out_channels]."""
        return convolve_rows(x, self.conv.weight, self.conv.bias, mask)


class MaskedBatchNorm(nn.BatchNorm1d):
    """BatchNorm whose statistics can leave padding out; same state dict as ``BatchNorm1d``."""

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:  # noqa: A002
        """[B, C, T] and an optional [B, T] mask of valid positions; padding comes out as 0."""
        if mask is None:
            return super().forward(input)
        flat = input.transpose(1, 2).flatten(0, 1)  # [B·T, C]
        return self.of_rows(flat.index_select(0, valid_places(mask)), mask)

    def of_rows(self, rows: Tensor, mask: Tensor) -> Tensor:
        """[valid, C], the rows that the mask [B, T] holds valid -> [B, C, T]."""
        normalised = super().forward(rows)  # the valid positions are an ordinary batch
        out: Tensor = Spread.apply(normalised, mask)  # type: ignore[no-untyped-call]
        return out.view(*mask.shape, -1).transpose(1, 2)


class ConvBatchNorm(nn.Sequential):
    """Convolution then BatchNorm, keyed ``0`` and ``1``; with a mask, padding enters neither."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, gain: Gain) -> None:
        super().__init__(
            ConvNorm(in_channels, out_channels, kernel_size, gain=gain),
            MaskedBatchNorm(out_channels),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, in_channels, T] -> [B, out_channels, T]; x must be 0 where the mask is False."""
        convolution, norm = cast(tuple[ConvNorm, MaskedBatchNorm], tuple(self))
        if mask is None or x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return torch.as_tensor(norm(convolution(x), mask))
        return norm.of_rows(convolution.rows(x, mask), mask)
