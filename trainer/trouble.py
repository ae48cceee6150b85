"""A failure of training, and what is put on record of it."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.data import Dataset
from trainer.data.loader import EffectiveBatch
from trainer.debug_report import (
    Evidence,
    Sample,
    batch_samples,
    batch_utterances,
    layer_norms,
    write_debug_report,
)
from trainer.state import TrainingState
from trainer.step import in_full_precision


@dataclass(frozen=True)
class Failure:
    """Why training can't go on as it is."""

    cause: str
    """``non_finite`` or ``gradient_explosion``."""
    step: int
    """The step that failed, counted from 1."""
    quantity: str
    value: float


def report_trouble(
    folder: Path, failure: Failure, batch: EffectiveBatch, state: TrainingState, dataset: Dataset
) -> None:
    """Write the debug folder of ``failure``, which ``batch`` had; ``OSError`` on a full disk."""
    items = {item.utterance.id: item for item in dataset.training}
    norm = state.recent[-1].get("gradient.norm", math.nan) if state.recent else math.nan
    write_debug_report(
        folder,
        Evidence(
            cause=failure.cause,
            step=failure.step,
            hparams=state.hparams,
            learning_rate=float(state.optimizer.param_groups[0]["lr"]),
            message=f"{failure.quantity} was {failure.value:g}",
            factor=state.stability.adapter.factor,
            restarts=state.stability.rescue.restarts,
            steps=tuple(state.recent),
            layer_norms=layer_norms(state.model, norm),
            batch=batch_utterances([items[name] for name in batch.ids]),
            samples=_samples(batch, state, dataset),
        ),
    )


@torch.no_grad()
def _samples(batch: EffectiveBatch, state: TrainingState, dataset: Dataset) -> tuple[Sample, ...]:
    """What the model, as it is now, makes of the batch; training goes on undisturbed."""
    if not batch.micro_batches:
        return ()
    micro = batch.micro_batches[0].to(state.ranks.device)
    state.model.eval()
    with torch.random.fork_rng():
        outputs = state.model(micro.text, micro.text_lengths, micro.mels, micro.mel_lengths)
    state.model.train()
    r = state.hparams.n_frames_per_step
    return batch_samples(micro, in_full_precision(outputs), dataset.scale, r)
