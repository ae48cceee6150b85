"""Checkpoints of tiny models with random weights."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.checkpoint import Checkpoint
from trainer.data import MelScale
from trainer.hparams import HParams
from trainer.model import Tacotron2

MakeCheckpoint = Callable[..., Checkpoint]


@pytest.fixture
def checkpoint(tiny: Callable[..., HParams]) -> MakeCheckpoint:
    """Makes one; additions that start at 0 get weights of their own too."""

    def make(language: Any = "en", **changes: Any) -> Checkpoint:
        hparams = tiny(**{"max_decoder_steps": 40, **changes})
        model = Tacotron2(hparams)
        for name, parameter in model.named_parameters():
            if name.startswith(("gst.", "tpse.")):
                torch.nn.init.normal_(parameter, 0.0, 0.3)
        optimizer = torch.optim.Adam(model.parameters())
        for parameter in model.parameters():
            parameter.grad = torch.randn_like(parameter)
        optimizer.step()
        return Checkpoint(
            iteration=7,
            state_dict=model.state_dict(),
            optimizer=optimizer.state_dict(),
            learning_rate=1e-3,
            hparams=hparams,
            language=language,
            scale=MelScale(mean=-5.0, deviation=2.0),
            continuation=None,
        )

    return make
