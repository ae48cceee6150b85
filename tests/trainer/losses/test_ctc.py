"""CTC (Graves et al. 2006) against a sum over all paths, as MMI uses it (arXiv 1909.01145)."""

import math
from itertools import groupby, pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from trainer.losses import Pool, ctc_loss
from trainer.losses.ctc import feasible


def by_hand(logits: np.ndarray, labels: list[int]) -> float:
    """-log of the summed probability of every path that collapses to ``labels``, per step."""
    steps, size = logits.shape
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for path in product(range(size), repeat=steps):
        if [symbol for symbol, _ in groupby(path) if symbol != size - 1] == labels:
            total += math.prod(probabilities[t, symbol] for t, symbol in enumerate(path))
    return -math.log(total) / steps


def test_one_step_by_hand() -> None:
    """Two symbols and a blank, all equally likely: one path of one step, ln 3."""
    loss = ctc_loss(torch.zeros(1, 1, 3), torch.tensor([[1]]), torch.tensor([1]), torch.tensor([1]))
    assert loss.item() == pytest.approx(math.log(3))


def test_two_steps_by_hand() -> None:
    """Of 9 paths, `aa`, `a-` and `-a` say `a`: -ln(3/9) over 2 steps."""
    loss = ctc_loss(torch.zeros(1, 2, 3), torch.tensor([[0]]), torch.tensor([1]), torch.tensor([2]))
    assert loss.item() == pytest.approx(math.log(3) / 2)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=3), st.integers(0, 3))
def test_a_sum_over_all_paths(labels: list[int], extra: int) -> None:
    repeats = sum(a == b for a, b in pairwise(labels))
    steps = len(labels) + repeats + extra
    logits = np.random.default_rng(steps).normal(size=(steps, 3))
    loss = ctc_loss(
        torch.tensor(logits[None]), torch.tensor([labels]), torch.tensor([len(labels)]),
        torch.tensor([steps]),
    )  # fmt: skip
    assert loss.item() == pytest.approx(by_hand(logits, labels))


# labels, then valid steps: the third would need 5 steps, the fourth 4
TEXT = torch.tensor([[2, 3, 1, 0], [4, 0, 0, 0], [1, 1, 1, 0], [1, 2, 3, 4]])
TEXT_LENGTHS, STEPS = torch.tensor([3, 1, 3, 4]), torch.tensor([6, 2, 4, 3])


@pytest.fixture
def logits() -> Tensor:
    return torch.randn(4, 6, 6, dtype=torch.float64, requires_grad=True)


def test_infeasible_utterances_are_left_out(logits: Tensor) -> None:
    assert feasible(TEXT, TEXT_LENGTHS, STEPS).tolist() == [True, True, False, False]
    loss = ctc_loss(logits, TEXT, TEXT_LENGTHS, STEPS)
    first = by_hand(logits[0].detach().numpy(), [2, 3, 1])
    second = by_hand(logits[1, :2].detach().numpy(), [4])
    assert loss.item() == pytest.approx((first + second) / 2)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.isfinite(gradient).all()
    assert (gradient[2:] == 0).all()
    assert (gradient[0] != 0).all()
    assert (gradient[1, 2:] == 0).all()  # padding


def test_where_none_is_left_it_is_0_and_can_be_differentiated(logits: Tensor) -> None:
    for count in (None, 0):
        loss = ctc_loss(logits[2:], TEXT[2:], TEXT_LENGTHS[2:], STEPS[2:], count)
        assert loss.item() == 0.0
        (gradient,) = torch.autograd.grad(loss, logits)
        assert (gradient == 0).all()


def test_padding_changes_nothing(logits: Tensor) -> None:
    more = F.pad(logits, (0, 0, 0, 3), value=7.0)
    text = F.pad(TEXT, (0, 2), value=1)
    one = ctc_loss(more, text, TEXT_LENGTHS, STEPS)
    torch.testing.assert_close(one, ctc_loss(logits, TEXT, TEXT_LENGTHS, STEPS))


def test_parts_add_up(logits: Tensor) -> None:
    pool = Pool.of(
        [row[:n].tolist() for row, n in zip(TEXT, TEXT_LENGTHS, strict=True)], STEPS.tolist(), 1
    )
    parts = [
        ctc_loss(logits[s], TEXT[s], TEXT_LENGTHS[s], STEPS[s], pool.ctc_utterances)
        for s in (slice(0, 1), slice(1, 3), slice(3, 4))
    ]
    torch.testing.assert_close(sum(parts), ctc_loss(logits, TEXT, TEXT_LENGTHS, STEPS))


@given(st.lists(st.lists(st.integers(1, 2), min_size=1, max_size=6), min_size=1, max_size=5))
def test_feasibility_is_counted_alike_in_lists_and_tensors(sequences: list[list[int]]) -> None:
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    text = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long)
    for row, sequence in zip(text, sequences, strict=True):
        row[: len(sequence)] = torch.tensor(sequence)
    for steps in range(1, 12):
        usable = feasible(text, lengths, torch.full_like(lengths, steps))
        assert usable.sum() == Pool.of(sequences, [steps] * len(sequences), 1).ctc_utterances


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_lifted(dtype: torch.dtype) -> None:
    logits = torch.randn(4, 6, 6).to(dtype)
    loss = ctc_loss(logits, TEXT, TEXT_LENGTHS, STEPS)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, ctc_loss(logits.float(), TEXT, TEXT_LENGTHS, STEPS))
