"""Training on recorded speech: SMART_TUNER_TEST_CORPUS names a corpus in LJSpeech layout."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import events
from trainer.events import EventReader
from trainer.paths import RunPaths

CORPUS = os.environ.get("SMART_TUNER_TEST_CORPUS")

pytestmark = pytest.mark.skipif(
    not CORPUS, reason="SMART_TUNER_TEST_CORPUS is not set: no recorded speech to train on"
)
Finish = Callable[..., subprocess.CompletedProcess[str]]

NARROW = (
    "symbols_embedding_dim=32,encoder_embedding_dim=32,attention_rnn_dim=32,decoder_rnn_dim=32,"
    "prenet_dims=[32,32],postnet_embedding_dim=32,attention_dim=16"
)


@pytest.fixture
def train(tmp_path: Path, finish: Finish) -> Callable[..., list[Any]]:
    """Trains on the corpus and returns the events; large files go at once."""

    def run(preset: str, steps: int, hparams: str) -> list[Any]:
        done = finish(
            [
                sys.executable, "-P", "-m", "trainer", "--run-dir", str(tmp_path / "run"),
                "--corpus", str(CORPUS), "--preset", preset, "--steps", str(steps),
                "--evaluate-every", str(steps), "--hparams", hparams, "--device", "cpu",
            ],
            limit=1800,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        for checkpoint in RunPaths(tmp_path / "run").checkpoints.iterdir():
            assert checkpoint.stat().st_size > 0
            checkpoint.unlink()
        return EventReader(RunPaths(tmp_path / "run").events).poll()

    return run


def trained_soundly(told: list[Any], steps: int) -> None:
    """Every step and the validation at the end are finite, and the loss is falling."""
    taken = [e for e in told if isinstance(e, events.Step)]
    assert [e.step for e in taken] == list(range(1, steps + 1))
    assert all(np.isfinite(list(e.metrics.values())).all() for e in taken)
    (evaluation,) = [e for e in told if isinstance(e, events.Evaluation)]
    assert all(np.isfinite(value) for value in evaluation.metrics.values())
    assert evaluation.metrics["validation.loss"] > 0
    losses = [e.metrics["train.loss"] for e in taken]
    assert steps == 1 or losses[-1] < losses[0]


def fell_clearly(told: list[Any]) -> None:
    losses = [e.metrics["train.taco"] for e in told if isinstance(e, events.Step)]
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    (started,) = [e for e in told if isinstance(e, events.Started)]
    (evaluation,) = [e for e in told if isinstance(e, events.Evaluation)]
    assert evaluation.metrics["validation.mel_l1"] < 1.1 * started.baseline_mel_l1


@pytest.mark.slow
def test_the_published_size(train: Callable[..., list[Any]]) -> None:
    told = train("tacotron2", 4, "batch_size=2")
    (started,) = [e for e in told if isinstance(e, events.Started)]
    assert started.n_parameters > 28_000_000
    trained_soundly(told, 4)


def test_the_published_network_at_reduced_width(train: Callable[..., list[Any]]) -> None:
    trained_soundly(train("tacotron2", 1, f"batch_size=2,{NARROW}"), 1)


@pytest.mark.slow
def test_the_loss_falls_in_150_steps(train: Callable[..., list[Any]]) -> None:
    fell_clearly(train("demo", 150, ""))


def test_the_loss_falls_in_40_steps(train: Callable[..., list[Any]]) -> None:
    fell_clearly(train("demo", 40, "batch_size=6"))
