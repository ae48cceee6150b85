"""Guided attention against its formulas (Tachibana et al. 2017; KL variant of METRICS)."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.hparams import HParams
from trainer.losses import guide_weight, guided_attention_loss

KINDS = pytest.mark.parametrize("kind", ["tachibana", "kl"])


def lengths(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def tachibana(a: np.ndarray, g: float) -> float:
    steps, tokens = a.shape
    w = [[1 - math.exp(-((n / tokens - t / steps) ** 2) / (2 * g * g)) for n in range(tokens)]
         for t in range(steps)]  # fmt: skip
    return float((a * np.array(w)).sum(axis=1).mean())


def kl(a: np.ndarray, g: float) -> float:
    steps, tokens = a.shape
    total = 0.0
    for t in range(steps):
        p = [math.exp(-((n / tokens - t / steps) ** 2) / (2 * g * g)) for n in range(tokens)]
        for n in range(tokens):
            share = p[n] / sum(p)
            total += share * math.log(share / max(a[t, n], 1e-8)) if share else 0.0
    return total / steps


FORMULAS = {"tachibana": tachibana, "kl": kl}


@pytest.mark.parametrize(("steps", "tokens"), [(30, 10), (60, 20), (360, 60), (720, 120)])
def test_uniform_attention_costs_the_same_whatever_the_length(steps: int, tokens: int) -> None:
    uniform = torch.full((1, steps, tokens), 1.0 / tokens)
    loss = guided_attention_loss(uniform, lengths(steps), lengths(tokens), g=0.4)
    assert loss.item() == pytest.approx(0.316, abs=0.005)


def test_tachibana_by_hand() -> None:
    """Two steps, two tokens: W is 0 on the diagonal and 1 - exp(-0.25/2g²) beside it."""
    beside = 1 - math.exp(-0.25 / (2 * 0.3**2))
    a = torch.tensor([[[0.9, 0.1], [0.4, 0.6]]])
    loss = guided_attention_loss(a, lengths(2), lengths(2), g=0.3)
    assert loss.item() == pytest.approx((0.1 + 0.4) / 2 * beside)


def test_kl_by_hand() -> None:
    """Two steps, two tokens: P is e/(e + 1) on the diagonal where 0.25/2g² = 1."""
    g = math.sqrt(0.125)
    on, beside = math.e / (math.e + 1), 1 / (math.e + 1)
    a = torch.tensor([[[0.9, 0.1], [0.0, 1.0]]])
    first = on * math.log(on / 0.9) + beside * math.log(beside / 0.1)
    second = beside * math.log(beside / 1e-8) + on * math.log(on / 1.0)
    loss = guided_attention_loss(a, lengths(2), lengths(2), g, "kl")
    assert loss.item() == pytest.approx((first + second) / 2)


def test_kl_is_0_where_attention_is_the_diagonal_itself() -> None:
    t, n = np.arange(7)[:, None] / 7, np.arange(4)[None, :] / 4
    p = np.exp(-((n - t) ** 2) / (2 * 0.3**2))
    a = torch.tensor((p / p.sum(axis=1, keepdims=True))[None])
    loss = guided_attention_loss(a, lengths(7), lengths(4), 0.3, "kl")
    assert loss.item() == pytest.approx(0.0, abs=1e-7)


@KINDS
def test_it_is_a_mean_over_utterances_without_padding(kind: str) -> None:
    a = torch.rand(2, 6, 5, requires_grad=True)
    garbage = a.detach().clone()
    garbage[1, 2:], garbage[1, :, 3:] = torch.nan, 1e9
    garbage.requires_grad_()
    both = guided_attention_loss(garbage, lengths(6, 2), lengths(5, 3), 0.4, kind)
    long = guided_attention_loss(a[:1], lengths(6), lengths(5), 0.4, kind)
    short = guided_attention_loss(a[1:, :2, :3], lengths(2), lengths(3), 0.4, kind)
    assert both.item() == pytest.approx((long.item() + short.item()) / 2)
    (gradient,) = torch.autograd.grad(both, garbage)
    (expected,) = torch.autograd.grad((long + short) / 2, a)
    torch.testing.assert_close(gradient, expected)


@KINDS
def test_parts_add_up(kind: str) -> None:
    a, t, n = torch.rand(3, 6, 5), lengths(6, 2, 4), lengths(5, 3, 1)
    whole = guided_attention_loss(a, t, n, 0.4, kind)
    parts = [
        guided_attention_loss(a[s], t[s], n[s], 0.4, kind, n_utterances=3)
        for s in (slice(0, 1), slice(1, 3))
    ]
    torch.testing.assert_close(sum(parts), whole)


@KINDS
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 2.0))
def test_it_follows_its_formula(kind: str, steps: int, tokens: int, g: float) -> None:
    a = np.random.default_rng(steps * 41 + tokens).dirichlet(np.ones(tokens), size=steps)
    alignments = torch.tensor(a[None], requires_grad=True)
    loss = guided_attention_loss(alignments, lengths(steps), lengths(tokens), g, kind)
    (gradient,) = torch.autograd.grad(loss, alignments)
    assert torch.isfinite(gradient).all()
    if kind == "tachibana" or g > 0.05:  # below, plain exponentials of a whole row are 0
        assert loss.item() == pytest.approx(FORMULAS[kind](a, g), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (None, None, {0: 2.5, 10**6: 2.5}),
        (None, 100, {0: 2.5, 99: 2.5, 100: 0.0, 101: 0.0}),
        (100, 200, {0: 2.5, 100: 2.5, 101: 2.475, 150: 1.25, 199: 0.025, 200: 0.0, 999: 0.0}),
        (0, 10, {0: 2.5, 4: 1.5, 10: 0.0}),
    ],
)
def test_the_weight_by_step(
    start: int | None, stop: int | None, expected: dict[int, float]
) -> None:
    hparams = HParams(guide_loss_weight=2.5, guide_decay_start=start, guide_stop_step=stop)
    got = {step: guide_weight(hparams, step) for step in expected}
    assert got == pytest.approx(expected)


def test_a_weight_of_0_stays_0(tiny: Callable[..., HParams]) -> None:
    assert guide_weight(tiny(guide_loss_weight=0.0, guide_stop_step=5), 1) == 0.0
