"""The grace period: how long a healthy run may look ill (METRICS, "Rules and thresholds")."""

import math

from trainer.hparams import HParams

_GUIDED_STEPS = 8_000
_UNGUIDED_STEPS = 20_000
_WARM_START_STEPS = 4_000
_PUBLISHED_BATCH = 64
_DEMO_SHARE = 0.3
"""150 of the 500 steps of the embedded study."""


def grace_steps(hparams: HParams, *, preset: str, steps: int, warm_start: bool = False) -> int:
    """Optimiser steps before any rule on loss or alignment may prune.

    Args:
        hparams: the trial's own; batch size, guided attention and reduction factor count.
        preset: ``demo`` models align within a share of their short runs, ``tacotron2`` as known
            from the field.
        steps: the length of the run.
        warm_start: whether training starts from a published model's weights.
    """
    if preset == "demo":
        return math.ceil(round(_DEMO_SHARE * steps, 6))
    if warm_start:
        return _WARM_START_STEPS
    full = _GUIDED_STEPS if hparams.guide_loss_weight > 0 else _UNGUIDED_STEPS
    batch_factor = _PUBLISHED_BATCH / hparams.batch_size
    return math.ceil(round(full * batch_factor * _reduction(hparams.n_frames_per_step), 6))


def is_too_short(steps: int, grace: int) -> bool:
    """Whether a run of ``steps`` is too short to be judged: under 1.5 times its grace period."""
    return steps < 1.5 * grace


def _reduction(n_frames_per_step: int) -> float:
    if n_frames_per_step == 1:
        return 1.0
    return 1 / 2 if n_frames_per_step <= 3 else 1 / 3
