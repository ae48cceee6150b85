"""Mel reconstruction: mean squared errors over valid frames (Shen et al. 2018)."""

import torch

from trainer.losses import taco_loss
from trainer.losses.taco import masked_mse


def test_taco_is_pooled_over_valid_frames() -> None:
    targets, lengths = torch.zeros(2, 2, 3), torch.tensor([3, 1])
    before, after = torch.full((2, 2, 3), 1.0), torch.full((2, 2, 3), 2.0)
    before[1, :, 1:] = after[1, :, 1:] = 1e9  # padding
    after[0, 0, 0] = 5.0
    # 4 valid frames of 2 bins: ones before; after, seven fours and one 25
    assert taco_loss(before, after, targets, lengths) == 1.0 + (7 * 4 + 25) / 8
    assert masked_mse(after, targets, lengths) == (7 * 4 + 25) / 8


def test_taco_of_a_part_is_its_sum_over_the_count_of_the_whole() -> None:
    outputs, targets = torch.full((1, 2, 3), 2.0), torch.zeros(1, 2, 3)
    # 3 frames here, 10 in the effective batch, 2 bins each
    assert masked_mse(outputs, targets, torch.tensor([3]), n_frames=10) == 3 * 2 * 4 / (10 * 2)
