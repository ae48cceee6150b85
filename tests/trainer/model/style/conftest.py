"""Models with styles that are not 0, as they are when training starts."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.hparams import HParams
from trainer.model import Tacotron2


def awaken(model: Tacotron2) -> Tacotron2:
    """Give both projections of styles random weights, and let speech go on to the cap."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for layer in (model.gst.projection, model.tpse.output):
            layer.weight.normal_(std=0.5, generator=generator)
        model.decoder.gate_layer.linear_layer.bias.fill_(-100.0)
    return model


@pytest.fixture
def styled(undropped: Callable[..., HParams], settled: Any) -> Callable[..., Tacotron2]:
    """Makes a model in evaluation mode whose references and texts have styles."""

    def make(inputs: Any, **changes: Any) -> Tacotron2:
        return awaken(settled(undropped(use_gst=True, **changes), inputs))

    return make
