"""What a run costs on this machine, measured on a few real steps."""

import time

from trainer import events
from trainer.data import collate
from trainer.telling import memory_metrics
from trainer.train import Training
from trainer.validation import evaluate

_SMALL = 2
"""Utterances of the first, probing step."""
_AFFORDABLE_SECONDS = 4.0
_WORTH_SECONDS = 60.0
"""What a step may take whose memory alone is of interest."""
_REPEATS = 4


def estimate(training: Training, seconds_to_start: float) -> events.Estimate:
    """Time steps and one validation; where a full batch is slow, scale up from a small one.

    The memory is the peak of this process, which does once what takes most of it: a step on the
    longest utterances (left out where it would take minutes), a validation, a checkpoint.
    """
    from trainer import pictures  # noqa: F401 - a run has loaded it from its first validation on

    size = min(training.hparams.batch_size, len(training.dataset.training))
    at_once = min(size, training.hparams.micro_batch_size or size)
    small = min(_SMALL, at_once)
    _step_seconds(training, small)  # the first step pays for warming up
    seconds = _step_seconds(training, small) * size / small
    if seconds < _AFFORDABLE_SECONDS:
        seconds = min(_step_seconds(training, at_once) for _ in range(_REPEATS)) * size / at_once
    if seconds * at_once / size < _WORTH_SECONDS:
        _step_seconds(training, at_once, longest=True)
    evaluation_seconds = _evaluation_seconds(training, seconds, size)
    training.state.capture(training.corpus.language, training.dataset.scale).encoded()
    memory = memory_metrics(training.ranks.device)
    return events.Estimate(
        seconds_per_step=seconds,
        seconds_per_evaluation=evaluation_seconds,
        seconds_to_start=seconds_to_start,
        memory_mb=memory["system.memory_mb"],
        gpu_memory_mb=memory.get("system.gpu_memory_mb", 0.0),
    )


def _step_seconds(training: Training, size: int, longest: bool = False) -> float:
    """One optimiser step on ``size`` utterances of middling length, or on the longest."""
    items = sorted(training.dataset.training, key=lambda item: item.n_frames)
    start = len(items) - size if longest else max(0, len(items) // 2 - size // 2)
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
