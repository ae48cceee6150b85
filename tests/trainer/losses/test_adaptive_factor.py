"""The gradient adaptive factor (METRICS: ``gaf``)."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.data import Batch, MelScale
from trainer.hparams import HParams
from trainer.losses import adaptive_factor, shared_parameters, training_loss
from trainer.model import Tacotron2

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("taco", "ctc", "largest", "factor"),
    [
        (1.0, 10.0, 0.5, 0.1),
        (1.0, 1.0, 0.5, 0.5),
        (1.0, 1.0, 2.0, 1.0),
        (3.0, 0.0, 0.5, 0.5),
        (0.0, 3.0, 0.5, 0.0),
        (0.0, 0.0, 0.5, 0.5),
        (1e300, 1e-300, 0.5, 0.5),  # a quotient would overflow
        (5.0, 1.0, 0.0, 0.0),
        (INF, 1.0, 0.5, 0.0), (1.0, INF, 0.5, 0.0), (NAN, 1.0, 0.5, 0.0), (1.0, NAN, 0.5, 0.0),
    ],
)  # fmt: skip
def test_factor(taco: float, ctc: float, largest: float, factor: float) -> None:
    assert adaptive_factor(taco, ctc, largest) == pytest.approx(factor)


@pytest.mark.parametrize(
    "additions", [{}, {"use_ddc": True}, {"use_gst": True}, {"use_ddc": True, "use_gst": True}]
)
def test_shared_parameters_are_those_that_both_losses_reach(
    tiny: Callable[..., HParams], additions: dict[str, Any]
) -> None:
    hparams = tiny(n_frames_per_step=1, use_mmi=True, **additions)
    model = Tacotron2(hparams)
    batch = Batch(
        text=torch.randint(2, 20, (2, 9)), text_lengths=torch.tensor([9, 6]),
        mels=torch.randn(2, 80, 40), mel_lengths=torch.tensor([40, 33]), ids=("a", "b"),
    )  # fmt: skip
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    terms = training_loss(outputs, batch, hparams, MelScale())
    parameters = dict(model.named_parameters())
    reached = [
        torch.autograd.grad(term, list(parameters.values()), retain_graph=True, allow_unused=True)
        for term in (terms.taco, terms.ctc)
    ]
    both = {
        name
        for name, taco, ctc in zip(parameters, *reached, strict=True)
        if taco is not None and ctc is not None
    }
    chosen = {id(parameter) for parameter in shared_parameters(model)}
    assert {name for name, p in parameters.items() if id(p) in chosen} == both
    assert "decoder.attention_rnn.weight_ih" in both
    assert "embedding.weight" in both
