"""Text-predicted style against the spoken one (Stanton et al. 2018, arXiv 1808.01410)."""

import pytest
import torch

from trainer.losses import style_loss


def test_style_by_hand() -> None:
    predicted = torch.tensor([[1.0, 2.0], [0.0, -3.0]])
    style = torch.tensor([[0.5, 2.0], [1.0, 1.0]])
    assert style_loss(predicted, style).item() == pytest.approx((0.5 / 2 + (1 + 4) / 2) / 2)
    assert style_loss(predicted, style, 5).item() == pytest.approx((0.5 / 2 + (1 + 4) / 2) / 5)


def test_the_prediction_follows_the_style_and_not_the_other_way_round() -> None:
    predicted, style = (torch.randn(2, 3, requires_grad=True) for _ in range(2))
    style_loss(predicted, style).backward()
    torch.testing.assert_close(predicted.grad, (predicted - style).sign() / 6)
    assert style.grad is None
