"""Each loss against values computed by hand from its definition."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import Batch, MelScale
from trainer.hparams import HParams
from trainer.losses import gate_loss, guided_attention_loss, taco_loss, training_loss
from trainer.losses.gate import gate_targets
from trainer.losses.taco import masked_mse
from trainer.model import TacotronOutputs

LN2 = math.log(2.0)


def lengths(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def test_taco_is_pooled_over_valid_frames() -> None:
    targets = torch.zeros(2, 2, 3)
    before, after = torch.full((2, 2, 3), 1.0), torch.full((2, 2, 3), 2.0)
    before[1, :, 1:] = after[1, :, 1:] = 1e9  # padding
    after[0, 0, 0] = 5.0
    # 4 valid frames of 2 bins: ones before; after, seven fours and one 25
    assert taco_loss(before, after, targets, lengths(3, 1)) == 1.0 + (7 * 4 + 25) / 8
    assert masked_mse(after, targets, lengths(3, 1)) == (7 * 4 + 25) / 8


def test_gate_targets_begin_with_the_last_frame() -> None:
    assert gate_targets(lengths(3, 1), 4).tolist() == [[0, 0, 1, 1], [1, 1, 1, 1]]


@pytest.mark.parametrize(("weight", "expected"), [(1.0, LN2), (5.0, (2 + 5 + 5) / 4 * LN2)])
def test_gate_by_hand(weight: float, expected: float) -> None:
    """Logits of 0 cost ln 2 each, times the weight on the one step that should stop."""
    logits = torch.zeros(2, 3)
    logits[1, 1:] = 1e3  # padding
    assert gate_loss(logits, lengths(3, 1), weight).item() == pytest.approx(expected)


def test_gate_logits_by_hand() -> None:
    logits = torch.tensor([[-2.0, 1.0, 0.5]])
    softplus = [math.log1p(math.exp(x)) for x in (-2.0, 1.0, -0.5)]
    expected = (softplus[0] + softplus[1] + 20.0 * softplus[2]) / 3
    assert gate_loss(logits, lengths(3), 20.0).item() == pytest.approx(expected)


@pytest.mark.parametrize(("steps", "tokens"), [(30, 10), (60, 20), (360, 60), (720, 120)])
def test_uniform_attention_costs_the_same_whatever_the_length(steps: int, tokens: int) -> None:
    uniform = torch.full((1, steps, tokens), 1.0 / tokens)
    loss = guided_attention_loss(uniform, lengths(steps), lengths(tokens), g=0.4)
    assert loss.item() == pytest.approx(0.316, abs=0.005)


def test_guide_by_hand() -> None:
    """Two steps, two tokens: W is 0 on the diagonal and 1 - exp(-0.25/2g²) beside it."""
    beside = 1 - math.exp(-0.25 / (2 * 0.3**2))
    a = torch.tensor([[[0.9, 0.1], [0.4, 0.6]]])
    loss = guided_attention_loss(a, lengths(2), lengths(2), g=0.3)
    assert loss.item() == pytest.approx((0.1 + 0.4) / 2 * beside)


def test_guide_is_a_mean_over_utterances_without_padding() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(2, 6, 5, generator=generator)
    both = guided_attention_loss(a, lengths(6, 2), lengths(5, 3), g=0.4)
    long = guided_attention_loss(a[:1], lengths(6), lengths(5), g=0.4)
    short = guided_attention_loss(a[1:, :2, :3], lengths(2), lengths(3), g=0.4)
    assert both.item() == pytest.approx((long.item() + short.item()) / 2)


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 2.0))
def test_guide_follows_its_formula(steps: int, tokens: int, g: float) -> None:
    a = np.random.default_rng(steps * 41 + tokens).dirichlet(np.ones(tokens), size=steps)
    t, n = np.arange(steps)[:, None] / steps, np.arange(tokens)[None, :] / tokens
    expected = (a * (1 - np.exp(-((n - t) ** 2) / (2 * g**2)))).sum(axis=1).mean()
    loss = guided_attention_loss(torch.tensor(a[None]), lengths(steps), lengths(tokens), g)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize("deviation", [1.0, 2.5])
def test_the_weighted_sum(tiny: Callable[..., HParams], r: int, deviation: float) -> None:
    hparams = tiny(n_frames_per_step=r, guide_loss_weight=1.7, gate_positive_weight=3.0)
    generator = torch.Generator().manual_seed(1)
    frames, steps = lengths(7, 4), lengths(-(-7 // r), -(-4 // r))
    batch = Batch(
        text=torch.ones(2, 5, dtype=torch.long),
        text_lengths=lengths(5, 3),
        mels=torch.randn(2, 80, 7, generator=generator),
        mel_lengths=frames,
        ids=("a", "b"),
    )
    outputs = TacotronOutputs(
        mel_outputs=torch.randn(2, 80, 7, generator=generator),
        mel_outputs_postnet=torch.randn(2, 80, 7, generator=generator),
        gate_outputs=torch.randn(2, int(steps.max()), generator=generator),
        alignments=torch.rand(2, int(steps.max()), 5, generator=generator),
    )
    terms = training_loss(outputs, batch, hparams, MelScale(-5.0, deviation))
    unscaled = taco_loss(outputs.mel_outputs, outputs.mel_outputs_postnet, batch.mels, frames)
    guide = guided_attention_loss(outputs.alignments, steps, batch.text_lengths, hparams.guide_g)
    # in log-mel units, in which every model is compared
    torch.testing.assert_close(terms.taco, unscaled * deviation**2)
    torch.testing.assert_close(terms.gate, gate_loss(outputs.gate_outputs, steps, 3.0))
    torch.testing.assert_close(terms.guide, guide)
    expected = 0.4 * terms.taco + 0.3 * terms.gate + 1.7 * terms.guide
    torch.testing.assert_close(terms.loss, expected)
