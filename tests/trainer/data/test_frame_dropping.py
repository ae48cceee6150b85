"""Frame dropping (Liu et al. 2019, arXiv 1909.01145)."""

import pytest
import torch

from trainer.data.frame_dropping import drop_frames

MEAN = torch.tensor([100.0, 200.0])


def test_frames_are_replaced_whole_and_padding_never() -> None:
    mels = torch.randn(3, 2, 500)
    lengths = torch.tensor([500, 200, 1])
    kept = mels.clone()
    dropped = drop_frames(mels, lengths, MEAN, 0.3)
    assert torch.equal(mels, kept)  # the losses still need them
    changed = dropped != mels
    assert torch.equal(changed[:, 0], changed[:, 1])
    frames = changed[:, 0]
    assert (dropped.transpose(1, 2)[frames] == MEAN).all()
    assert not frames[1, 200:].any()
    assert not frames[2, 1:].any()


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_the_rate_is_the_share_of_frames_and_of_steps(rate: float) -> None:
    mels = torch.zeros(50, 2, 600)
    frames = drop_frames(mels, torch.full((50,), 600), MEAN, rate)[:, 0] != 0
    assert frames.float().mean().item() == pytest.approx(rate, abs=0.02)
    for r in (2, 5):  # of each step, the last frame is fed to the next
        assert frames[:, r - 1 :: r].float().mean().item() == pytest.approx(rate, abs=0.03)


def test_it_follows_from_the_global_random_numbers() -> None:
    mels, lengths = torch.randn(2, 2, 80), torch.tensor([80, 60])
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(drop_frames(mels, lengths, MEAN, 0.5))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
