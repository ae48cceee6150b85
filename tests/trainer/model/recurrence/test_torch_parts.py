"""The parts of a step as a compiler takes them: whole, and with the same results."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.model.recurrence.torch_parts import PLAIN, CellSlopes

T, B, N, H, D = 3, 2, 7, 8, 4


def over_time(*shape: int) -> tuple[Tensor, ...]:
    """One for each step, in one storage, as the loops give them."""
    return torch.randn(T, *shape).unbind(0)


def cell() -> list[Any]:
    cells, states = over_time(B, H), torch.randn(T, B, 5 + H)[:, :, 5:].unbind(0)
    return [over_time(B, 4 * H)[1], cells[1], cells[2], states[2]]


def cell_slopes() -> list[Any]:
    forget = torch.randn(T, B, 4 * H).chunk(4, 2)[1].unbind(0)
    slopes = CellSlopes(
        over_time(B, 3, H)[1], over_time(B, H)[1], over_time(B, H)[1], forget[1]
    )  # fmt: skip
    return [slopes, torch.randn(B, H), torch.randn(B, H), over_time(B, 4 * H)[1]]


def attend() -> list[Any]:
    padding = torch.arange(N)[None].expand(B, N) >= torch.tensor([[4], [N]])
    return [over_time(B, N, D)[1], torch.randn(D), padding]


def attend_slopes() -> list[Any]:
    weights = torch.randn(T, B, 2, N + 4)[:, :, 0, 2 : 2 + N].unbind(0)
    return [
        weights[1], torch.randn(B, N), torch.randn(D), over_time(B, N, D)[1], over_time(B, N)[1]
    ]  # fmt: skip


@pytest.mark.parametrize("made", [cell, cell_slopes, attend, attend_slopes])
def test_it_is_compiled_in_one_piece_and_computes_the_same(made: Callable[[], list[Any]]) -> None:
    part = getattr(PLAIN, made.__name__)
    results = []
    for function in (part, torch.compile(part, backend="aot_eager", fullgraph=True)):
        torch.manual_seed(2)
        arguments = made()
        with torch.no_grad():
            results.append([function(*arguments), *arguments])
    torch.testing.assert_close(*results, rtol=0.0, atol=1e-6)
