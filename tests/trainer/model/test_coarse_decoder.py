"""The coarse decoder: the published decoder at another reduction factor, without a gate."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from trainer.data import Batch, MelScale
from trainer.losses import training_loss
from trainer.model import Tacotron2
from trainer.model.coarse_decoder import CoarseDecoder
from trainer.model.decoder import Decoder

Make = Callable[..., Any]


@pytest.mark.parametrize("ddc_r", [1, 4, 10])
@pytest.mark.parametrize("n_frames", [1, 7, 20, 41])
def test_it_is_a_decoder_of_another_factor(undropped: Make, ddc_r: int, n_frames: int) -> None:
    coarse = CoarseDecoder(undropped(n_frames_per_step=3, ddc_r=ddc_r))
    decoder = Decoder(undropped(n_frames_per_step=ddc_r))
    missing = decoder.load_state_dict(coarse.state_dict(), strict=False)
    assert set(missing.missing_keys) == {
        "gate_layer.linear_layer.weight",
        "gate_layer.linear_layer.bias",
    }
    assert not missing.unexpected_keys
    memory, mels = torch.randn(2, 6, 16), torch.randn(2, 80, n_frames)
    padding = torch.arange(6)[None] >= torch.tensor([6, 4])[:, None]
    mel_lengths = torch.tensor([n_frames, max(1, n_frames - 3)])
    outputs = coarse(memory, mels, mel_lengths, padding)
    expected = decoder(memory, F.pad(mels, (0, -n_frames % ddc_r)), padding)
    assert outputs.mel_outputs.shape == (2, 80, n_frames)
    assert outputs.alignments.shape == (2, -(-n_frames // ddc_r), 6)
    torch.testing.assert_close(outputs.mel_outputs[0], expected.mel_outputs[0, :, :n_frames])
    torch.testing.assert_close(outputs.alignments, expected.alignments)
    assert (outputs.mel_outputs[1, :, mel_lengths[1] :] == 0).all()


@pytest.mark.parametrize("training", [True, False])
def test_the_model_returns_it_in_training_and_in_evaluation(
    tiny: Make, inputs: Make, training: bool
) -> None:
    batch = inputs([7, 3], [25, 13])
    outputs = Tacotron2(tiny(use_ddc=True, ddc_r=6)).train(training)(*batch)
    assert outputs.coarse.mel_outputs.shape == (2, 80, 25)
    assert outputs.coarse.alignments.shape == (2, 5, 7)
    assert outputs.recognised is None


@settings(max_examples=40)
@given(
    r=st.integers(1, 10),
    ddc_r=st.integers(1, 20),
    tokens=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    frames=st.lists(st.integers(1, 45), min_size=3, max_size=3),
    more=st.tuples(st.integers(0, 3), st.integers(0, 25)),
)
def test_any_pair_of_factors_and_lengths(
    undropped: Make,
    r: int,
    ddc_r: int,
    tokens: list[int],
    frames: list[int],
    more: tuple[int, int],
) -> None:
    """Through the whole model: finite, independent of padding, a gradient for both decoders."""
    frames = frames[: len(tokens)]
    hparams = undropped(use_ddc=True, n_frames_per_step=r, ddc_r=ddc_r)
    model = Tacotron2(hparams).eval()
    text = torch.randint(1, 20, (len(tokens), max(tokens)))
    mels = torch.randn(len(frames), 80, max(frames))
    attens = []
    for extra in ((0, 0), more):
        batch = Batch(
            F.pad(text, (0, extra[0])), torch.tensor(tokens), F.pad(mels, (0, extra[1]), value=3.0),
            torch.tensor(frames), ids=(),
        )  # fmt: skip
        outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
        terms = training_loss(outputs, batch, hparams, MelScale())
        assert torch.isfinite(terms.loss)
        attens.append(terms.atten)
    torch.testing.assert_close(attens[0], attens[1], rtol=1e-5, atol=1e-5)
    attens[1].backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    assert all(g is None or torch.isfinite(g).all() for g in gradients.values())
    reached = {name for name, g in gradients.items() if g is not None and (g != 0).any()}
    assert "coarse_decoder.linear_projection.linear_layer.weight" in reached
    if max(tokens) > 1:
        assert "decoder.attention_layer.v.linear_layer.weight" in reached
