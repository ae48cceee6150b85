"""Double decoder consistency (Coqui TTS, "DDC"): by hand, and for any shapes."""

import math
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from trainer.losses import consistency_loss
from trainer.losses.double_decoder import at_fine_steps


class Case(NamedTuple):
    """Random alignments of a batch, rows summing to 1 over valid tokens, padding included."""

    fine: Tensor
    coarse: Tensor
    frames: Tensor
    tokens: Tensor
    factors: tuple[int, int]

    @property
    def steps(self) -> Tensor:
        return (self.frames + self.factors[0] - 1) // self.factors[0]

    def loss(self) -> Tensor:
        return consistency_loss(self.fine, self.coarse, self.steps, self.tokens, self.factors)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    factors = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    size = draw(st.integers(1, 4))
    frames = torch.tensor(draw(st.lists(st.integers(1, 60), min_size=size, max_size=size)))
    tokens = torch.tensor(draw(st.lists(st.integers(1, 12), min_size=size, max_size=size)))
    n_frames = int(frames.max()) + draw(st.integers(0, 30))
    n_tokens = int(tokens.max()) + draw(st.integers(0, 5))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    padding = (torch.arange(n_tokens) >= tokens[:, None]).unsqueeze(1)
    fine, coarse = (
        torch.randn(size, -(-n_frames // r), n_tokens, generator=generator)
        .masked_fill(padding, -torch.inf)
        .mul(3)
        .softmax(dim=2)
        .requires_grad_()
        for r in factors
    )
    return Case(fine, coarse, frames, tokens, factors)


def by_hand(case: Case) -> Tensor:
    """The definition, one step at a time."""
    r_fine, r_coarse = case.factors
    means = []
    for b, (frames, n_tokens) in enumerate(zip(case.frames, case.tokens, strict=True)):
        steps, coarse_steps = -(-int(frames) // r_fine), -(-int(frames) // r_coarse)
        distances = []
        for t in range(steps):
            s = min(math.floor(t * r_fine / r_coarse), coarse_steps - 1)
            fine, coarse = case.fine[b, t, :n_tokens], case.coarse[b, s, :n_tokens]
            distances.append((fine / fine.sum() - coarse / coarse.sum()).abs().sum())
        means.append(torch.stack(distances).mean())
    return torch.stack(means).mean()


def test_three_steps_by_hand() -> None:
    """r = 1 against 2: the coarse rows count for fine steps 0 and 1, and for 2."""
    fine = torch.tensor([[[1.0, 0.0], [0.5, 0.5], [0.2, 0.8]]])
    coarse = torch.tensor([[[0.9, 0.1], [0.0, 1.0]]])
    loss = consistency_loss(fine, coarse, torch.tensor([3]), torch.tensor([2]), (1, 2))
    assert loss.item() == pytest.approx((0.2 + 0.8 + 0.4) / 3)


def test_a_coarse_decoder_that_is_finer_by_hand() -> None:
    """r = 4 against 2: fine step t is compared with coarse step 2t."""
    fine = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    coarse = torch.tensor([[[0.5, 0.5], [0.1, 0.9], [0.3, 0.7], [0.9, 0.1]]])
    loss = consistency_loss(fine, coarse, torch.tensor([2]), torch.tensor([2]), (4, 2))
    assert loss.item() == pytest.approx((1.0 + 0.6) / 2)


def test_rows_are_renormalised_over_valid_tokens() -> None:
    fine = torch.tensor([[[0.5, 0.5, 0.0]]])
    coarse = torch.tensor([[[0.1, 0.3, 0.6]]])  # the third token is padding
    loss = consistency_loss(fine, coarse, torch.tensor([1]), torch.tensor([2]), (1, 1))
    assert loss.item() == pytest.approx(0.25 + 0.25)


def test_disjoint_attention_costs_2_and_equal_attention_0() -> None:
    first, last = torch.zeros(1, 6, 4), torch.zeros(1, 2, 4)
    first[:, :, 0] = last[:, :, 3] = 1.0
    steps, tokens = torch.tensor([6]), torch.tensor([4])
    assert consistency_loss(first, last, steps, tokens, (1, 3)).item() == 2.0
    assert consistency_loss(first, first[:, :2], steps, tokens, (1, 3)).item() == 0.0


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 100))
def test_each_fine_step_finds_its_coarse_step(r_fine: int, r_coarse: int, n_frames: int) -> None:
    steps, coarse_steps = -(-n_frames // r_fine), -(-n_frames // r_coarse)
    numbered = torch.arange(float(coarse_steps))[None, :, None]
    found = at_fine_steps(numbered, steps, r_fine, r_coarse)[0, :, 0]
    assert found.tolist() == [t * r_fine // r_coarse for t in range(steps)]


def test_steps_beyond_the_last_coarse_one_get_it() -> None:
    found = at_fine_steps(torch.arange(3.0)[None, :, None], 20, 1, 4)[0, :, 0]
    assert found.tolist() == [0] * 4 + [1] * 4 + [2] * 12


@given(cases())
def test_any_shapes_follow_the_definition(case: Case) -> None:
    loss, expected = case.loss(), by_hand(case)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)
    assert 0.0 <= loss.item() <= 2.0 + 1e-6
    gradients = torch.autograd.grad(loss, [case.fine, case.coarse])
    for one, other in zip(
        gradients, torch.autograd.grad(expected, [case.fine, case.coarse]), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("factors", [(1, 6), (2, 3), (3, 3), (5, 2), (20, 1)])
def test_gradient_flows_to_both_decoders(factors: tuple[int, int]) -> None:
    fine, coarse = (torch.rand(2, -(-60 // r), 9, requires_grad=True) for r in factors)
    steps = torch.tensor([-(-60 // factors[0]), -(-31 // factors[0])])
    loss = consistency_loss(fine, coarse, steps, torch.tensor([9, 5]), factors)
    gradients = torch.autograd.grad(loss, [fine, coarse])
    assert all((gradient[b] != 0).any() for gradient in gradients for b in range(2))
    assert (gradients[0][1, steps[1] :] == 0).all()
    assert (gradients[1][1, -(-31 // factors[1]) :] == 0).all()


@given(cases(), st.integers(0, 40), st.integers(0, 6), st.sampled_from([0.3, 1e9, torch.nan]))
def test_padding_changes_nothing(case: Case, frames: int, tokens: int, garbage: float) -> None:
    n_frames = int(case.frames.max())

    def padded(alignments: Tensor, r: int) -> Tensor:
        exact = alignments[:, : -(-n_frames // r)]
        more = -(-(n_frames + frames) // r) - exact.shape[1]
        return F.pad(exact, (0, tokens, 0, more), value=garbage)

    fine, coarse = (padded(a, r) for a, r in zip(case[:2], case.factors, strict=True))
    loss = consistency_loss(fine, coarse, case.steps, case.tokens, case.factors)
    torch.testing.assert_close(loss, case.loss(), rtol=1e-6, atol=1e-6)
    one = torch.autograd.grad(loss, [case.fine, case.coarse])
    other = torch.autograd.grad(case.loss(), [case.fine, case.coarse])
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@given(cases())
def test_batch_mates_change_nothing_and_parts_add_up(case: Case) -> None:
    size = len(case.frames)
    parts = [
        consistency_loss(
            case.fine[b : b + 1], case.coarse[b : b + 1], case.steps[b : b + 1],
            case.tokens[b : b + 1], case.factors, n_utterances=size,
        )
        for b in range(size)
    ]  # fmt: skip
    torch.testing.assert_close(sum(parts), case.loss(), rtol=1e-5, atol=1e-6)


def test_attention_that_is_0_everywhere_is_no_exception() -> None:
    fine = torch.zeros(1, 4, 3, requires_grad=True)
    loss = consistency_loss(fine, torch.rand(1, 2, 3), torch.tensor([4]), torch.tensor([3]), (1, 2))
    (gradient,) = torch.autograd.grad(loss, fine)
    assert loss.item() == pytest.approx(1.0)
    assert not torch.isnan(gradient).any()
