"""What a text suggests depends on the text alone, and teaches the encoder nothing."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from trainer.model.style import TextPredictedStyle

Make = Callable[..., Any]


def make_predictor(tiny: Make) -> TextPredictedStyle:
    predictor = TextPredictedStyle(tiny())
    torch.nn.init.normal_(predictor.output.weight)
    return predictor


def test_padding_and_batch_mates_change_nothing(tiny: Make) -> None:
    predictor = make_predictor(tiny)
    tokens = [9, 1, 23]
    memory = torch.randn(3, 23, 16)
    with torch.no_grad():
        together = predictor(F.pad(memory, (0, 0, 0, 8), value=50.0), torch.tensor(tokens))
        for i, n_tokens in enumerate(tokens):
            alone = predictor(memory[i : i + 1, :n_tokens], torch.tensor([n_tokens]))
            torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-5)
    assert together.shape == (3, 16)


def test_gradients_stop_at_its_input(tiny: Make) -> None:
    predictor = make_predictor(tiny)
    memory = torch.randn(2, 7, 16, requires_grad=True)
    predictor(memory, torch.tensor([7, 4])).abs().sum().backward()
    assert memory.grad is None
    assert all(p.grad is not None and p.grad.any() for p in predictor.parameters())
