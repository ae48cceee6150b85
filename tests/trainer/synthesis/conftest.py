"""Voices that have learned nothing, and speak all the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.checkpoint import Checkpoint
from trainer.data import MelScale
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.synthesis import Voice

MakeCheckpoint = Callable[..., Checkpoint]
SCALE = MelScale(mean=-5.0, deviation=2.0)


@pytest.fixture
def checkpoint(tiny: Callable[..., HParams]) -> MakeCheckpoint:
    """Makes a checkpoint of a tiny model with random weights.

    ``stop`` is the bias of its stop gate: 100 stops at once, -100 never, None as it comes.
    """

    def make(stop: float | None = None, language: Any = "en", **changes: Any) -> Checkpoint:
        hparams = tiny(**changes)
        torch.manual_seed(5)
        model = Tacotron2(hparams)
        if stop is not None:
            torch.nn.init.constant_(model.decoder.gate_layer.linear_layer.bias, stop)
        return Checkpoint(
            iteration=7,
            state_dict=model.state_dict(),
            optimizer={},
            learning_rate=1e-3,
            hparams=hparams,
            language=language,
            scale=SCALE,
            continuation=None,
        )

    return make


@pytest.fixture
def voice(checkpoint: MakeCheckpoint) -> Callable[..., Voice]:
    """Makes a voice of such a checkpoint."""
    return lambda **options: Voice(checkpoint(**options), torch.device("cpu"))


@pytest.fixture
def voice_file(checkpoint: MakeCheckpoint, tmp_path: Path) -> Callable[..., Path]:
    """Writes such a checkpoint."""

    def write(**options: Any) -> Path:
        path = tmp_path / "voice.pt"
        checkpoint(**options).save(path)
        return path

    return write
