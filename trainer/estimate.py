"""What a run costs on this machine, measured on a few real steps."""

import time

from trainer import events
from trainer.data import collate
from trainer.train import Training
from trainer.validation import evaluate

_SMALL = 2
"""Utterances of the first, probing step."""
_AFFORDABLE_SECONDS = 4.0
_REPEATS = 4


def estimate(training: Training, seconds_to_start: float) -> events.Estimate:
    """Time steps and one validation; where a full batch is slow, scale up from a small one."""
    size = min(training.hparams.batch_size, len(training.dataset.training))
    small = min(_SMALL, size)
    _step_seconds(training, small)  # the first step pays for warming up
    seconds = _step_seconds(training, small) * size / small
    if seconds < _AFFORDABLE_SECONDS:
        seconds = min(_step_seconds(training, size) for _ in range(_REPEATS))
    return events.Estimate(
        seconds_per_step=seconds,
        seconds_per_evaluation=_evaluation_seconds(training, seconds, size),
        seconds_to_start=seconds_to_start,
    )


def _step_seconds(training: Training, size: int) -> float:
    """One optimiser step on ``size`` utterances of middling length."""
    items = sorted(training.dataset.training, key=lambda item: item.n_frames)
    start = max(0, len(items) // 2 - size // 2)
    begun = time.perf_counter()
    batch = collate(items[start : start + size], training.dataset.scale)
    optimizer = training.state.optimizer
    terms = training.stepper.loss(batch.to(training.ranks.device))
    optimizer.zero_grad(set_to_none=True)
    terms.loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    terms.loss.item()  # waits for a GPU
    return time.perf_counter() - begun


def _evaluation_seconds(training: Training, step_seconds: float, size: int) -> float:
    """One validation, measured; where steps are slow, taken as what it costs in steps."""
    if step_seconds >= _AFFORDABLE_SECONDS:
        return step_seconds * len(training.held_out) / size
    begun = time.perf_counter()
    evaluate(training.state.model, training.held_out, training.hparams.alignment_diagnostics)
    return time.perf_counter() - begun
