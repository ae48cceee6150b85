"""Learning-rate schedules, keyed to steps, never to time."""

import math

from trainer.hparams import HParams


def learning_rate(hparams: HParams, step: int, steps: int) -> float:
    """The rate of the 0-based ``step`` of ``steps``: linear warm-up, then the schedule."""
    if step < hparams.warmup_steps:
        return hparams.learning_rate * (step + 1) / (hparams.warmup_steps + 1)
    if hparams.schedule == "constant":
        return hparams.learning_rate
    progress = (step - hparams.warmup_steps) / max(1, steps - hparams.warmup_steps)
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
    floor = hparams.schedule_floor
    return hparams.learning_rate * (floor + (1.0 - floor) * cosine)
