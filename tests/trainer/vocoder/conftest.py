"""HiFi-GAN as its published code has it, written anew: state dicts, and the sound they make."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

Weights = dict[str, Tensor]

# The published V1 and V3, with fewer channels.
_MELS = {
    "num_mels": 80, "n_fft": 1024, "hop_size": 256, "win_size": 1024, "sampling_rate": 22050,
    "fmin": 0, "fmax": 8000, "fmax_for_loss": None, "num_gpus": 0, "learning_rate": 0.0002,
}  # fmt: skip
V1 = {
    **_MELS, "resblock": "1", "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4], "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
}  # fmt: skip
V3 = {
    **_MELS, "resblock": "2", "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8], "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 5, 7], "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
}  # fmt: skip


def layers(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Name, shape of the weight and size of the bias of each layer."""
    channels = config["upsample_initial_channel"]
    yield "conv_pre", (channels, config["num_mels"], 7), channels
    block = 0
    for i, kernel in enumerate(config["upsample_kernel_sizes"]):
        yield f"ups.{i}", (channels, channels // 2, kernel), channels // 2  # transposed: in, out
        channels //= 2
        for size, dilations in zip(
            config["resblock_kernel_sizes"], config["resblock_dilation_sizes"], strict=True
        ):
            lists = ("convs1", "convs2") if config["resblock"] == "1" else ("convs",)
            for name in lists:
                for j in range(len(dilations)):
                    shape = (channels, channels, size)
                    yield f"resblocks.{block}.{name}.{j}", shape, channels
            block += 1
    yield "conv_post", (1, channels, 7), 1


def random_weights(config: dict[str, Any], seed: int = 0) -> Weights:
    """A generator as training writes it: ``weight_g``, ``weight_v``, ``bias``."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape, n_biases in layers(config):
        weights[f"{name}.weight_v"] = torch.randn(shape, generator=generator)
        gains = torch.rand(shape[0], 1, 1, generator=generator)
        weights[f"{name}.weight_g"] = 0.5 + gains
        weights[f"{name}.bias"] = 0.1 * torch.randn(n_biases, generator=generator)
    return weights


def plain_weights(weights: Weights) -> Weights:
    """The same generator after ``remove_weight_norm``."""
    plain = {name: tensor for name, tensor in weights.items() if name.endswith("bias")}
    for name in [n.removesuffix("_v") for n in weights if n.endswith("_v")]:
        v, g = weights[f"{name}_v"], weights[f"{name}_g"]
        plain[name] = g * v / v.flatten(1).norm(dim=1).view(-1, 1, 1)
    return plain


def reference_sound(config: dict[str, Any], plain: Weights, mel: Tensor) -> Tensor:
    """The forward pass, functionally: mel [n_mels, T] -> samples [T · hop]."""

    def conv(x: Tensor, name: str, dilation: int = 1) -> Tensor:
        weight = plain[f"{name}.weight"]
        padding = dilation * (weight.shape[2] - 1) // 2
        return F.conv1d(x, weight, plain[f"{name}.bias"], dilation=dilation, padding=padding)

    x = conv(mel[None], "conv_pre")
    n_kernels, block = len(config["resblock_kernel_sizes"]), 0
    for i, rate in enumerate(config["upsample_rates"]):
        weight = plain[f"ups.{i}.weight"]
        padding = (weight.shape[2] - rate) // 2
        x = F.conv_transpose1d(
            F.leaky_relu(x, 0.1), weight, plain[f"ups.{i}.bias"], stride=rate, padding=padding
        )
        summed = torch.zeros_like(x)
        for dilations in config["resblock_dilation_sizes"]:
            y = x
            for j, dilation in enumerate(dilations):
                if config["resblock"] == "1":
                    z = conv(F.leaky_relu(y, 0.1), f"resblocks.{block}.convs1.{j}", dilation)
                    y = y + conv(F.leaky_relu(z, 0.1), f"resblocks.{block}.convs2.{j}")
                else:
                    y = y + conv(F.leaky_relu(y, 0.1), f"resblocks.{block}.convs.{j}", dilation)
            summed, block = summed + y, block + 1
        x = summed / n_kernels
    return torch.tanh(conv(F.leaky_relu(x, 0.01), "conv_post"))[0, 0]


@pytest.fixture(params=[V1, V3], ids=["V1", "V3"])
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of a published generator, made narrow."""
    return dict(request.param)


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., Path]:
    """Writes a generator and its configuration as the published training does."""

    def write(
        config: dict[str, Any], weights: Weights, name: str = "g_00000010", bare: bool = False
    ) -> Path:
        folder = tmp_path / "vocoder"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        torch.save(weights if bare else {"generator": weights}, folder / name)
        return folder / name

    return write


@pytest.fixture
def hifigan() -> Any:
    """The functions above, for tests to call."""

    class Reference:
        v1, v3 = V1, V3
        weights = staticmethod(random_weights)
        plain = staticmethod(plain_weights)
        sound = staticmethod(reference_sound)

    return Reference


@pytest.fixture
def mel() -> Tensor:
    """[80, 23] log-mels of nothing in particular."""
    return torch.randn(80, 23, generator=torch.Generator().manual_seed(1)) * 2 - 5
