"""What a run says of itself: its start, a step's numbers, the machine's."""

import logging
import os
import platform
import resource
from collections.abc import Callable

import torch

from trainer import events
from trainer.data import Dataset
from trainer.state import TrainingState
from trainer.step import StepResult
from trainer.validation import Result

log = logging.getLogger(__name__)

Write = Callable[[events.Event], None]
"""Where events go; nowhere on all ranks but the first."""


def warn(write: Write, step: int, message: str) -> None:
    """Say ``message`` to whoever reads the log, and to whoever reads the events."""
    log.warning("%s", message)
    write(events.Warned(step, message))


def started(state: TrainingState, data: Dataset, steps: int, resumed: bool) -> events.Started:
    """The event of a process that begins to train, up to the step ``steps``."""
    return events.Started(
        step=state.step,
        steps=steps,
        resumed=resumed,
        pid=os.getpid(),
        hparams=state.hparams.model_dump(mode="json"),
        versions=versions(),
        n_parameters=state.n_parameters,
        n_training=len(data.training),
        n_held_out=len(data.held_out),
        baseline_mel_l1=data.baseline_mel_l1,
    )


def versions() -> dict[str, str]:
    """What the run's numbers depend on."""
    return {"python": platform.python_version(), "torch": str(torch.__version__)}


def step_metrics(result: StepResult, rate: float, steps_per_second: float) -> dict[str, float]:
    """A step's numbers by their METRICS names, to six digits."""
    values = {
        **result.terms,
        "train.learning_rate": rate,
        "gradient.norm": result.norm,
        "system.steps_per_second": steps_per_second,
    }
    return {name: float(f"{value:.6g}") for name, value in values.items()}


def system_metrics(device: torch.device, steps_per_second: float) -> dict[str, float]:
    """Speed and peak memory."""
    return {**memory_metrics(device), "system.steps_per_second": steps_per_second}


def memory_metrics(device: torch.device) -> dict[str, float]:
    """The peak of this process's memory, and of what it took of a GPU's."""
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    metrics = {"system.memory_mb": peak_kib / 1024}
    if device.type == "cuda":
        metrics["system.gpu_memory_mb"] = torch.cuda.max_memory_allocated(device) / 2**20
    return metrics


def summary(result: Result) -> str:
    """A validation in one line."""
    shown = {
        "quality": "quality", "alignment.diagonal_score": "diagonal",
        "free_run.success_rate": "success", "free_run.retrieval_rate": "retrieval",
        "validation.loss": "loss",
    }  # fmt: skip
    return ", ".join(
        f"{word} {result.metrics[name]:.3f}"
        for name, word in shown.items()
        if name in result.metrics
    )
