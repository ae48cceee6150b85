"""The reference encoder hears a recording and nothing of the padding behind it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.style import ReferenceEncoder
from trainer.model.style.reference_encoder import halved

Make = Callable[..., Any]


def make_encoder(hparams: HParams) -> ReferenceEncoder:
    torch.manual_seed(1)
    return ReferenceEncoder(hparams)


def test_the_published_size() -> None:
    """Wang et al. 2018: six convolutions, a GRU of 128; 80 mels are 2 after six halvings."""
    encoder = make_encoder(HParams(use_gst=True))
    shapes = [tuple(c.conv.weight.shape) for c in encoder.convolutions]
    assert shapes == [
        (32, 1, 3, 3), (32, 32, 3, 3), (64, 32, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3),
        (128, 128, 3, 3),
    ]  # fmt: skip
    assert (encoder.gru.input_size, encoder.gru.hidden_size) == (2 * 128, 128)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 79, 80])
def test_a_convolution_halves_as_lengths_are_halved(size: int) -> None:
    halves = F.conv2d(torch.zeros(1, 1, size, 1), torch.zeros(1, 1, 3, 3), stride=2, padding=1)
    assert halves.shape[2] == halved(size)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("padding", ["masked", "published"])
def test_padding_changes_nothing(tiny: Make, inputs: Make, training: bool, padding: str) -> None:
    frames = [37, 1, 64, 18]
    batch = inputs([5] * 4, frames)
    encoder = make_encoder(tiny(padding=padding)).train(training)
    noise = F.pad(batch.mels, (0, 29), value=7.0)
    for i, n_frames in enumerate(frames):
        noise[i, :, n_frames:] = 100.0 * i
    with torch.no_grad():
        one = encoder(batch.mels, batch.mel_lengths)
        statistics = {k: v.clone() for k, v in encoder.named_buffers()}
        encoder = make_encoder(tiny(padding=padding)).train(training)
        other = encoder(noise, batch.mel_lengths)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    for name, buffer in encoder.named_buffers():
        torch.testing.assert_close(buffer, statistics[name], rtol=1e-5, atol=1e-6)


def test_batch_mates_change_nothing_in_evaluation(tiny: Make, inputs: Make) -> None:
    frames = [37, 1, 64, 18]
    batch = inputs([5] * 4, frames)
    encoder = make_encoder(tiny())
    with torch.no_grad():
        encoder(batch.mels, batch.mel_lengths)
        together = encoder.eval()(batch.mels, batch.mel_lengths)
        for i, n_frames in enumerate(frames):
            alone = encoder(batch.mels[i : i + 1, :, :n_frames], torch.tensor([n_frames]))
            torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("n_frames", [1, 2, 3, 7])
def test_short_references(n_frames: int, training: bool) -> None:
    encoder = make_encoder(HParams(use_gst=True)).train(training)
    heard = encoder(torch.randn(1, 80, n_frames), torch.tensor([n_frames]))
    assert heard.shape == (1, 128)
    assert torch.isfinite(heard).all()


def test_the_last_frame_is_heard(tiny: Make, inputs: Make) -> None:
    batch = inputs([5], [40])
    encoder = make_encoder(tiny()).eval()
    with torch.no_grad():
        before = encoder(batch.mels, batch.mel_lengths)
        batch.mels[0, :, 39] += 1.0
        assert not torch.allclose(before, encoder(batch.mels, batch.mel_lengths))
