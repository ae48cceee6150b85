"""Loops in chunks against the loops in one go, and what a captured chunk asks of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.recurrence import (
    AttentionInputs,
    AttentionMasks,
    Kernels,
    LstmMasks,
    attention_loop,
    kernels_for,
    sequence_lstm,
)
from trainer.model.recurrence.chunked_kernels import ChunkedKernels
from trainer.model.recurrence.chunks import Chunking

B, H, E, D, KERNEL = 3, 5, 4, 3, 5
CHUNK = 4
STEPS = [1, 3, 4, 8, 11]  # less than a chunk, one, several, and no multiple
TOKENS = [3, 8]  # filled up to a multiple of 4, and one that is


class FixedPlaces:
    """Runs chunks as a graph does: it reads and writes at the same places, whatever is given."""

    def __init__(self) -> None:
        self.places: dict[Any, tuple[dict[str, Any], Any]] = {}

    def __call__(self, chunk: Callable[..., Any], /, **fixed: Tensor | None) -> Callable[..., Any]:
        def run(**given: Tensor | None) -> Any:
            everything = {**fixed, **given}
            shapes = tuple((n, None if t is None else t.shape) for n, t in everything.items())
            if (chunk, shapes) not in self.places:
                inputs = {n: None if t is None else t.clone() for n, t in everything.items()}
                self.places[chunk, shapes] = inputs, chunk(**inputs)
            inputs, outputs = self.places[chunk, shapes]
            for name, tensor in everything.items():
                if tensor is not None:
                    inputs[name].copy_(tensor)
            for place, made in zip(flat(outputs), flat(chunk(**inputs)), strict=True):
                place.copy_(made)
            return outputs

        return run


def flat(nested: Any) -> list[Tensor]:
    return [nested] if isinstance(nested, Tensor) else [t for part in nested for t in flat(part)]


def chunked(begin: Any = partial) -> Kernels:
    return ChunkedKernels("chunked", Chunking(begin, steps=CHUNK, tokens=4))


def attention_example(steps: int, tokens: int) -> AttentionInputs:
    torch.manual_seed(3)
    shapes = [
        (steps, B, 4 * H), (4 * H, E + H), (B, tokens, E), (B, tokens, D), (D, H),
        (2 * KERNEL, D), (D,),
    ]  # fmt: skip
    return AttentionInputs(
        *(torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes)
    )


def dropout_of(steps: int) -> Tensor:
    torch.manual_seed(8)
    return F.dropout(torch.ones(steps, B, H, dtype=torch.float64), 0.4)


def attention_results(
    kernels: Kernels, steps: int, tokens: int, padded: bool, dropout: bool
) -> list[Tensor]:
    """Outputs and gradients."""
    inputs = attention_example(steps, tokens)
    lengths = torch.tensor([tokens, 1, 2])
    padding = torch.arange(tokens)[None] >= lengths[:, None] if padded else None
    masks = AttentionMasks(padding, dropout_of(steps) if dropout else None)
    outputs = attention_loop(inputs, kernels, masks)
    torch.manual_seed(4)
    loss = torch.stack([(torch.randn_like(out) * out).sum() for out in outputs]).sum()
    return [*outputs, *torch.autograd.grad(loss, inputs)]


def lstm_results(kernels: Kernels, steps: int, masks: LstmMasks) -> list[Tensor]:
    torch.manual_seed(5)
    pre_gates = torch.randn(steps, B, 4 * H, dtype=torch.float64, requires_grad=True)
    recurrent = torch.randn(4 * H, H, dtype=torch.float64, requires_grad=True)
    hidden = sequence_lstm(pre_gates, recurrent, kernels, masks)
    loss = (torch.randn_like(hidden) * hidden).sum()
    return [hidden, *torch.autograd.grad(loss, [pre_gates, recurrent])]


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("made", [lambda: partial, FixedPlaces], ids=["plain", "fixed places"])
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_attention_in_chunks_is_attention(
    made: Callable[[], Any], steps: int, tokens: int, padded: bool, dropout: bool
) -> None:
    given = steps, tokens, padded, dropout
    plain = kernels_for("torch", torch.empty(0))
    assert_same(attention_results(chunked(made()), *given), attention_results(plain, *given))


@pytest.mark.parametrize("made", [lambda: partial, FixedPlaces], ids=["plain", "fixed places"])
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_an_lstm_in_chunks_is_an_lstm(
    made: Callable[[], Any], steps: int, lengths: bool, reverse: bool, dropout: bool
) -> None:
    given = torch.tensor([steps, 1, max(1, steps - 2)]) if lengths else None
    masks = LstmMasks(dropout_of(steps) if dropout else None, given, reverse)
    plain = kernels_for("torch", torch.empty(0))
    assert_same(lstm_results(chunked(made()), steps, masks), lstm_results(plain, steps, masks))


def test_the_number_of_shapes_is_bounded() -> None:
    places = FixedPlaces()
    kernels = chunked(places)
    for steps in STEPS:
        for tokens in (5, 6, 8):
            attention_results(kernels, steps, tokens, padded=tokens == 5, dropout=True)
        lstm_results(kernels, steps, LstmMasks(dropout_of(steps)))
    assert len(places.places) == 4  # both loops, both ways


def test_a_batch_between_forward_and_backward_changes_nothing() -> None:
    kernels, plain = chunked(FixedPlaces()), kernels_for("torch", torch.empty(0))
    inputs, others = attention_example(9, 6), attention_example(9, 6)
    masks = AttentionMasks()
    hidden, _, _ = attention_loop(inputs, kernels, masks)
    attention_loop(others._replace(memory=others.memory * 2), kernels, masks)
    found = torch.autograd.grad(hidden.square().sum(), inputs)
    hidden, _, _ = attention_loop(inputs, plain, masks)
    assert_same(list(found), list(torch.autograd.grad(hidden.square().sum(), inputs)))


def test_a_value_that_is_no_number_stays_none() -> None:
    pre_gates = torch.zeros(6, 1, 4 * H)
    pre_gates[0, 0, 0] = torch.nan
    assert sequence_lstm(pre_gates, torch.zeros(4 * H, H), chunked())[-1, 0, 0].isnan()
