"""A failure as a training would leave it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trainer.debug_report import BatchUtterance, Evidence, Sample
from trainer.hparams import HParams

MakeEvidence = Callable[..., Evidence]


def step(number: int, loss: float = 0.8, norm: float = 2.0, **more: float) -> dict[str, float]:
    return {
        "step": float(number), "train.loss": loss, "train.taco": 2.0 * loss, "train.gate": 0.1,
        "train.mmi": 0.0, "gradient.norm": norm, "train.learning_rate": 3e-3, **more,
    }  # fmt: skip


def sample(name: str) -> Sample:
    rng = np.random.default_rng(7)
    mel = rng.uniform(-11.0, 1.0, (80, 30)).astype(np.float32)
    return Sample(name, np.full((10, 6), 1 / 6, dtype=np.float32), mel, mel.copy())


@pytest.fixture
def steps() -> Callable[..., dict[str, float]]:
    """Makes one step's numbers."""
    return step


@pytest.fixture
def samples() -> Callable[[str], Sample]:
    """Makes what the model made of one utterance."""
    return sample


@pytest.fixture
def evidence() -> MakeEvidence:
    """Makes an explosion at step 250, with changes."""

    def make(**changes: Any) -> Evidence:
        quiet = [step(number) for number in range(1, 246)]
        loud = [step(245 + i, loss=3.0 * i, norm=90.0 * 3**i) for i in range(1, 6)]
        values: dict[str, Any] = {
            "cause": "gradient_explosion",
            "step": 250,
            "hparams": HParams(),
            "learning_rate": 3e-3,
            "message": "gradient.norm was 21870",
            "factor": 0.5,
            "restarts": 1,
            "steps": [*quiet, *loud],
            "layer_norms": {"decoder.a": 3.0, "decoder.b": 4.0, "encoder.c": 0.0},
            "batch": tuple(
                BatchUtterance(f"utterance-{i}", f"A text, number {i}.", 20 + i, 100 + 5 * i)
                for i in range(5)
            ),
            "samples": (sample("utterance-0"), sample("utterance-1")),
        }
        return Evidence(**{**values, **changes})

    return make


@pytest.fixture
def ruined(evidence: MakeEvidence) -> Evidence:
    """Everything that can be NaN or infinite is."""
    bad = sample("utterance-0")
    for array in (bad.alignment, bad.target, bad.output):
        array[:, 3:] = np.nan
        array[0, 0] = np.inf
        array[1, 1] = -np.inf
    nothing = Sample(*("utterance-1", *(np.full((4, 4), np.nan, dtype=np.float32),) * 3))
    ruin = {"train.loss": math.nan, "train.taco": -math.inf, "gradient.norm": math.inf}
    return evidence(
        cause="non_finite",
        learning_rate=math.nan,
        factor=math.inf,
        steps=[step(i, **more) for i, more in ((1, {}), (2, {}))] + [{**step(3), **ruin}],
        layer_norms={"a": math.nan, "b": math.inf, "c": 2.0, "d": 1e300},
        samples=(bad, nothing),
    )
