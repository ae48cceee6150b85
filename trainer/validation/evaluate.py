"""One validation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from trainer.model import Tacotron2
from trainer.validation.free_run import free_run_metrics, judge_spoken
from trainer.validation.held_out import Forced, HeldOut, Spoken, free_running, teacher_forced
from trainer.validation.likeness import likeness_metrics
from trainer.validation.quality import quality_score
from trainer.validation.teacher_forced import forced_metrics

_SEED = 20171216  # prenet dropout draws the same at every validation, so that scores compare


class NonFiniteOutputError(ArithmeticError):
    """The model's outputs hold NaN or infinity; its text names which outputs."""


@dataclass(frozen=True)
class Result:
    """The scores, and the outputs that pictures and sound are made of."""

    metrics: dict[str, float]
    forced: Forced
    spoken: Spoken


def evaluate(model: Tacotron2, held_out: HeldOut, diagnostics: bool = True) -> Result:
    """Score the model, teacher-forced and free-running; training goes on undisturbed.

    Without ``diagnostics`` there are no ``alignment.*``, and no ``quality``, which needs them.
    """
    with _undisturbed(model):
        forced = teacher_forced(model, held_out)
        spoken = free_running(model, held_out)
    _require_finite(forced, spoken)
    likeness = likeness_metrics(spoken, held_out, model.hparams.n_frames_per_step)
    phi = likeness.pop("phi")
    metrics = {
        **forced_metrics(forced, held_out, model.hparams),
        **free_run_metrics(judge_spoken(spoken, held_out, model.hparams)),
        **likeness,
    }
    if diagnostics:
        metrics["quality"] = quality_score(metrics, phi, len(held_out))
    else:
        metrics = {n: v for n, v in metrics.items() if not n.startswith("alignment.")}
    return Result(metrics, forced, spoken)


def _require_finite(forced: Forced, spoken: Spoken) -> None:
    for name, arrays in (
        ("teacher-forced mel", forced.mels),
        ("attention", forced.alignments),
        ("free-running mel", spoken.mels),
    ):
        if not all(np.isfinite(array).all() for array in arrays):
            raise NonFiniteOutputError(name)


@contextmanager
def _undisturbed(model: Tacotron2) -> Iterator[None]:
    """Evaluation mode with a fixed seed; mode and random states are put back afterwards."""
    training = model.training
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        model.eval()
        try:
            yield
        finally:
            model.train(training)
