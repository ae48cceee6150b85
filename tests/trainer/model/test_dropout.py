"""Dropout: its rates, its scale, and that the generator rules it."""

import pytest
import torch

from trainer.model.dropout import dropout, dropout_mask


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_so_many_are_dropped_and_the_others_scaled(p: float) -> None:
    torch.manual_seed(0)
    mask = dropout_mask((1000, 1001), p, torch.empty(0))
    assert mask.shape == (1000, 1001)
    assert mask.unique().tolist() == [0.0, pytest.approx(1 / (1 - p))]
    dropped = (mask == 0).double().mean().item()
    assert abs(dropped - p) < 5 * (p * (1 - p) / mask.numel()) ** 0.5


def test_every_place_is_dropped_alike() -> None:
    """Four values share a draw of 64 bits: none of them may be another's shadow."""
    torch.manual_seed(0)
    dropped = (dropout_mask((100_000, 4), 0.5, torch.empty(0)) == 0).double()
    assert (dropped.mean(dim=0) - 0.5).abs().max() < 0.01
    correlations = torch.corrcoef(dropped.t()) - torch.eye(4, dtype=torch.float64)
    assert correlations.abs().max() < 0.02


def test_the_extremes() -> None:
    assert (dropout_mask((1000,), 1e-12, torch.empty(0)) == 1).all()
    assert (dropout_mask((1000,), 1 - 1e-7, torch.empty(0)) == 0).all()


def test_the_generator_rules_it() -> None:
    torch.manual_seed(1)
    first, second = (dropout_mask((50,), 0.5, torch.empty(0)) for _ in range(2))
    torch.manual_seed(1)
    assert torch.equal(dropout_mask((50,), 0.5, torch.empty(0)), first)
    assert not torch.equal(first, second)


def test_it_is_off_where_it_should_be() -> None:
    x = torch.randn(5, requires_grad=True)
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0, training=True) is x
    dropout(x, 0.5, training=True).sum().backward()
    assert x.grad is not None
    assert set(x.grad.unique().tolist()) <= {0.0, 2.0}


def test_the_mask_has_the_values_precision() -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        assert dropout(torch.ones(3, dtype=dtype), 0.5, training=True).dtype == dtype
