"""The stop gate: binary cross-entropy with a weight on the one step that should stop."""

import math

import pytest
import torch

from trainer.losses import gate_loss
from trainer.losses.gate import gate_targets

LN2 = math.log(2.0)


def test_gate_targets_begin_with_the_last_frame() -> None:
    assert gate_targets(torch.tensor([3, 1]), 4).tolist() == [[0, 0, 1, 1], [1, 1, 1, 1]]


@pytest.mark.parametrize(("weight", "expected"), [(1.0, LN2), (5.0, (2 + 5 + 5) / 4 * LN2)])
def test_gate_by_hand(weight: float, expected: float) -> None:
    """Logits of 0 cost ln 2 each, times the weight on the one step that should stop."""
    logits = torch.zeros(2, 3)
    logits[1, 1:] = 1e3  # padding
    assert gate_loss(logits, torch.tensor([3, 1]), weight).item() == pytest.approx(expected)


def test_gate_logits_by_hand() -> None:
    logits = torch.tensor([[-2.0, 1.0, 0.5]])
    softplus = [math.log1p(math.exp(x)) for x in (-2.0, 1.0, -0.5)]
    expected = (softplus[0] + softplus[1] + 20.0 * softplus[2]) / 3
    assert gate_loss(logits, torch.tensor([3]), 20.0).item() == pytest.approx(expected)


def test_gate_of_a_part_is_its_sum_over_the_count_of_the_whole() -> None:
    loss = gate_loss(torch.zeros(1, 3), torch.tensor([3]), 1.0, n_steps=12)
    assert loss.item() == pytest.approx(3 * LN2 / 12)
