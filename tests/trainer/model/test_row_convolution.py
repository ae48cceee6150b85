"""The convolution of valid rows against torch's own."""

import pytest
import torch
from torch import nn

from trainer.model.layers import length_mask
from trainer.model.row_convolution import convolve_rows
from trainer.model.valid_rows import Spread

LENGTHS = torch.tensor([9, 4, 1])


def masked_input(mask: torch.Tensor) -> torch.Tensor:
    x = torch.randn(len(mask), 5, mask.shape[1], dtype=torch.float64)
    return (x * mask.unsqueeze(1)).requires_grad_()


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 11])
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_a_convolution(kernel_size: int, bias: bool) -> None:
    mask = length_mask(LENGTHS, 9)
    x = masked_input(mask)
    plain = nn.Conv1d(5, 7, kernel_size, padding=kernel_size // 2, bias=bias).double()
    parameters = [x, *plain.parameters()]
    expected = plain(x).transpose(1, 2)[mask]
    rows = convolve_rows(x, plain.weight, plain.bias, mask)
    torch.testing.assert_close(rows, expected)
    wish = torch.randn_like(rows)
    for got, right in zip(
        torch.autograd.grad(rows, parameters, wish),
        torch.autograd.grad(expected, parameters, wish),
        strict=True,
    ):
        torch.testing.assert_close(got, right)


def test_its_gradient_is_of_what_it_computes() -> None:
    mask = length_mask(LENGTHS, 9)
    weight = torch.randn(4, 5, 3, dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(
        lambda x, weight: convolve_rows(x, weight, None, mask), (masked_input(mask), weight)
    )


@pytest.mark.parametrize("lengths", [LENGTHS, torch.tensor([9, 9, 9]), torch.tensor([0, 2, 0])])
def test_rows_return_to_their_places(lengths: torch.Tensor) -> None:
    mask = length_mask(lengths, 9)
    rows = torch.randn(int(mask.sum()), 4, dtype=torch.float64, requires_grad=True)
    spread = Spread.apply(rows, mask).view(3, 9, 4)
    assert torch.equal(spread[mask], rows)
    assert (spread[~mask] == 0).all()
    torch.autograd.gradcheck(lambda rows: Spread.apply(rows, mask), (rows,))
