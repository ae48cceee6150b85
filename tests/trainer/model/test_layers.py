"""Layers whose arithmetic has a plain counterpart."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from trainer.model.encoder import Encoder
from trainer.model.layers import ConvNorm, LinearNorm, MaskedBatchNorm, length_mask
from trainer.model.postnet import Postnet
from trainer.model.prenet import Prenet

Make = Callable[..., Any]


def test_length_mask() -> None:
    mask = length_mask(torch.tensor([0, 2, 4]), 4)
    assert mask.int().tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]]


@pytest.mark.parametrize("training", [True, False])
def test_without_padding_it_is_batch_norm(training: bool) -> None:
    masked, plain = MaskedBatchNorm(6), nn.BatchNorm1d(6)
    for norm in (masked, plain):
        nn.init.constant_(norm.weight, 1.5)
        nn.init.constant_(norm.bias, 0.3)
        norm.train(training)
    for _ in range(3):
        x = torch.randn(4, 6, 9) * 3 + 1
        expected = plain(x)
        torch.testing.assert_close(masked(x, torch.ones(4, 9, dtype=torch.bool)), expected)
    for key, value in plain.state_dict().items():
        torch.testing.assert_close(masked.state_dict()[key], value)
    torch.testing.assert_close(masked.eval()(x), plain.eval()(x))


def test_padding_enters_no_statistics() -> None:
    masked, plain = MaskedBatchNorm(6), nn.BatchNorm1d(6)
    lengths = torch.tensor([9, 4, 1])
    x = torch.randn(3, 6, 9)
    mask = length_mask(lengths, 9)
    loud = torch.where(mask[:, None], x, 1e6)
    out = masked(loud, mask)
    valid = torch.cat([row[:, :n].t() for row, n in zip(x, lengths.tolist(), strict=True)])
    expected = plain(valid)
    torch.testing.assert_close(out.transpose(1, 2)[mask], expected)
    assert (out.transpose(1, 2)[~mask] == 0).all()
    torch.testing.assert_close(masked.running_mean, plain.running_mean)
    torch.testing.assert_close(masked.running_var, plain.running_var)


def test_no_gradient_flows_into_padding() -> None:
    mask = length_mask(torch.tensor([5, 2]), 5)
    x = torch.randn(2, 3, 5, requires_grad=True)
    MaskedBatchNorm(3)(x, mask).square().sum().mul(torch.rand(1)).backward()
    assert (x.grad.transpose(1, 2)[~mask] == 0).all()


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 31])
def test_convolutions_keep_the_length(kernel_size: int) -> None:
    assert ConvNorm(4, 6, kernel_size)(torch.randn(2, 4, 9)).shape == (2, 6, 9)


@pytest.mark.parametrize("gain", ["linear", "relu", "tanh", "sigmoid"])
def test_xavier_initialisation(gain: str) -> None:
    bound = nn.init.calculate_gain(gain) * (6 / (300 + 500)) ** 0.5
    weight = LinearNorm(300, 500, gain=gain).linear_layer.weight
    assert 0.98 * bound < weight.abs().max() <= bound
    weight = ConvNorm(60, 100, 5, gain=gain).conv.weight
    assert 0.98 * bound < weight.abs().max() <= bound


def test_the_encoder_gives_nothing_for_padding(tiny: Make) -> None:
    encoder = Encoder(tiny())
    lengths = torch.tensor([7, 3])
    memory = encoder(torch.randn(2, 9, 16), lengths, length_mask(lengths, 9))
    assert memory.shape == (2, 9, 16)
    assert (memory[0, 7:] == 0).all()
    assert (memory[1, 3:] == 0).all()


def test_prenet_drops_half_and_doubles_the_rest(tiny: Make) -> None:
    prenet = Prenet(tiny(prenet_dropout=0.5)).eval()
    x = torch.randn(2000, 80)
    dropped = (prenet(x) == 0).float().mean()
    plain = Prenet(tiny(prenet_dropout=0.0))
    plain.load_state_dict(prenet.state_dict())
    zero_anyway = (plain(x) == 0).float().mean()
    assert dropped > zero_anyway + 0.1
    assert torch.equal(plain(x), plain(x))


def test_postnet_is_unbounded(tiny: Make) -> None:
    """The last layer has no tanh: a residual may be larger than 1."""
    postnet = Postnet(tiny(postnet_dropout=0.0))
    nn.init.constant_(postnet.convolutions[-1][1].bias, 3.0)
    assert postnet(torch.randn(2, 80, 30), None).max() > 3.0
