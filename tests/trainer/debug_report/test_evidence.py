"""Evidence, taken from a real model and a real batch."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from trainer.data import Dataset, collate
from trainer.debug_report import batch_samples, batch_utterances, layer_norms
from trainer.debug_report.evidence import ranked
from trainer.hparams import HParams
from trainer.losses import training_loss
from trainer.model import Tacotron2


def net(*gradients: float) -> nn.Module:
    """Biases of four numbers, each of the gradient given."""
    layers = nn.ParameterList(nn.Parameter(torch.zeros(4)) for _ in gradients)
    for parameter, value in zip(layers, gradients, strict=True):
        parameter.grad = torch.full((4,), value)
    return layers


@pytest.mark.parametrize(
    ("gradients", "norm", "norms"),
    [
        ((1.5, -2.0), None, (3.0, 4.0)),
        ((1.5, -2.0), 500.0, (300.0, 400.0)),  # clipped to 5 from 500
        ((1.5, -2.0), math.inf, (3.0, 4.0)),
        ((1.5, -2.0), math.nan, (3.0, 4.0)),
        ((0.0, 0.0), 500.0, (0.0, 0.0)),
        ((1.5, math.nan), 5.0, (3.0, math.nan)),
        ((1.5, math.inf), None, (3.0, math.inf)),
        ((2.0**100, 1.0), None, (2.0**101, 2.0)),  # its square is beyond float32
    ],
)
def test_layer_norms(
    gradients: tuple[float, ...], norm: float | None, norms: tuple[float, ...]
) -> None:
    found = layer_norms(net(*gradients), norm)
    assert list(found) == ["0", "1"]
    assert tuple(found.values()) == pytest.approx(norms, nan_ok=True)


def test_parameters_without_a_gradient_have_no_norm() -> None:
    model = net(1.0, 2.0)
    assert isinstance(model, nn.ParameterList)
    model[0].grad = None
    assert layer_norms(model) == {"1": 4.0}
    model[1].grad = None
    assert layer_norms(model) == {}


def test_what_is_not_finite_ranks_first() -> None:
    norms = {"a": 1.0, "b": math.nan, "c": 7.0, "d": math.inf, "e": 0.0, "f": math.nan}
    assert [name for name, _ in ranked(norms)] == ["b", "d", "f", "c", "a", "e"]


def test_of_a_real_step(dataset: Dataset, undropped: Callable[..., HParams]) -> None:
    hparams = undropped()
    model, items = Tacotron2(hparams), dataset.training[:6]
    batch = collate(items, dataset.scale)
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    training_loss(outputs, batch, hparams, dataset.scale).loss.backward()  # type: ignore[no-untyped-call]
    norms = layer_norms(model)
    assert list(norms) == [name for name, _ in model.named_parameters()]
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1e-3).item()
    assert layer_norms(model, norm) == pytest.approx(norms, rel=1e-4, abs=1e-9)

    described = batch_utterances(items)
    assert [u.id for u in described] == list(batch.ids)
    assert [u.text for u in described] == [item.utterance.text for item in items]
    assert [u.n_frames for u in described] == batch.mel_lengths.tolist()
    assert [u.n_tokens for u in described] == batch.text_lengths.tolist()

    samples = batch_samples(batch, outputs, dataset.scale, hparams.n_frames_per_step)
    assert [sample.id for sample in samples] == list(batch.ids[:4])
    for sample, item in zip(samples, items, strict=False):
        n_steps = math.ceil(item.n_frames / hparams.n_frames_per_step)
        assert sample.alignment.shape == (n_steps, len(item.sequence))
        assert sample.alignment.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
        assert sample.target == pytest.approx(item.mel(), abs=1e-4)
        assert sample.output.shape == item.mel().shape
        assert np.isfinite(sample.output).all()
