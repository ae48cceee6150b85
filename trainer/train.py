"""Training, as five verbs: load_model, prepare_dataloaders, validate, save_checkpoint, train."""

import logging
import math
import os
import platform
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import torch

from trainer import events
from trainer.audio import griffin_lim
from trainer.checkpoint import (
    Best,
    Checkpoint,
    keep_as_best,
    random_states,
    restore_random_states,
)
from trainer.corpus import Corpus
from trainer.data import BatchOrder, Dataset, MelStore, build_datasets, collate
from trainer.data.dataset import Progress
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.hparams import HParams
from trainer.losses import LossTerms, training_loss
from trainer.model import Tacotron2
from trainer.optimizer import build_optimizer, set_learning_rate
from trainer.paths import RunPaths, atomic_path
from trainer.pictures import draw_validation
from trainer.schedule import learning_rate
from trainer.stop import StopRequest
from trainer.validation import HeldOut, Result, evaluate
from trainer.validation.evaluate import NonFiniteOutputError

log = logging.getLogger(__name__)

# What "best" means, by objective: its metric, and the sign that makes more better.
OBJECTIVES = {
    "quality": ("quality", 1.0),
    "val_loss": ("validation.loss", -1.0),
    "mcd": ("mcd", -1.0),
}


@dataclass(frozen=True)
class RunSettings:
    """What a run is told beside its hparams."""

    steps: int
    evaluate_every: int
    objective: str
    device: torch.device
    cache_dir: Path


@dataclass
class TrainingState:
    """What changes from step to step; a checkpoint holds all of it."""

    model: Tacotron2
    optimizer: torch.optim.Adam
    step: int = 0
    best: Best | None = None
    started: float = field(default_factory=time.monotonic)
    first_step: int = 0


def load_model(hparams: HParams, device: torch.device) -> TrainingState:
    """A fresh model and optimiser, drawn from ``hparams.seed``."""
    torch.manual_seed(hparams.seed)
    model = Tacotron2(hparams).to(device)
    return TrainingState(model, build_optimizer(model, hparams))


def prepare_dataloaders(
    corpus: Corpus, hparams: HParams, settings: RunSettings, progress: Progress
) -> tuple[Dataset, BatchOrder, HeldOut]:
    """The data, the order of its batches and the held-out set."""
    dataset = build_datasets(corpus, hparams, MelStore(settings.cache_dir, hparams), progress)
    lengths = [item.n_frames for item in dataset.training]
    order = BatchOrder(lengths, hparams.batch_size, hparams.seed)
    return dataset, order, HeldOut.of(dataset, settings.device)


class Training:
    """One run: from its last checkpoint, or from the start, to its last step."""

    def __init__(
        self,
        paths: RunPaths,
        corpus: Corpus,
        hparams: HParams,
        settings: RunSettings,
        writer: events.EventWriter,
        progress: Progress,
    ) -> None:
        self.paths, self.corpus, self.hparams = paths, corpus, hparams
        self.settings, self.writer = settings, writer
        self.dataset, self.order, self.held_out = prepare_dataloaders(
            corpus, hparams, settings, progress
        )
        self.state = load_model(hparams, settings.device)

    def train(
        self, stop: StopRequest, steps_bar: Callable[[Iterable[int]], Iterable[int]]
    ) -> TrainerExit:
        """Train to the last step, or to the first reason to leave."""
        resumed = self._resume()
        self._announce(resumed)
        for step in steps_bar(range(self.state.step, self.settings.steps)):
            if stop.reason:
                self.save_checkpoint()
                log.info("%s at step %d; the checkpoint continues from here", stop.reason, step)
                return TrainerExit.STOPPED
            if not self._step(step) or not self._validate_if_due():
                return TrainerExit.DIVERGED
        return TrainerExit.FINISHED

    def _step(self, step: int) -> bool:
        """One optimiser step; False where it is not finite."""
        state, hparams = self.state, self.hparams
        rate = learning_rate(hparams, step, self.settings.steps)
        set_learning_rate(state.optimizer, rate)
        items = [self.dataset.training[i] for i in self.order.indices(step)]
        batch = collate(items, self.dataset.scale).to(self.settings.device)
        state.model.train()
        outputs = state.model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
        terms = training_loss(outputs, batch, hparams, self.dataset.scale)
        state.optimizer.zero_grad(set_to_none=True)
        terms.loss.backward()  # type: ignore[no-untyped-call]
        norm = float(
            torch.nn.utils.clip_grad_norm_(state.model.parameters(), hparams.grad_clip_thresh)
        )
        if not self._finite(step + 1, {"train.loss": terms.loss.item(), "gradient.norm": norm}):
            return False
        state.optimizer.step()
        state.step = step + 1
        self.writer.write(events.Step(state.step, self._step_metrics(terms, rate, norm)))
        return True

    def _step_metrics(self, terms: LossTerms, rate: float, norm: float) -> dict[str, float]:
        elapsed = time.monotonic() - self.state.started
        done = self.state.step - self.state.first_step
        values = {
            "train.loss": terms.loss.item(),
            "train.taco": terms.taco.item(),
            "train.gate": terms.gate.item(),
            "train.guide": terms.guide.item(),
            "train.learning_rate": rate,
            "gradient.norm": norm,
            "system.steps_per_second": done / elapsed,
        }
        return {name: float(f"{value:.6g}") for name, value in values.items()}

    def _validate_if_due(self) -> bool:
        """Validate and save where it is time to; False where the outputs are not finite."""
        step, every = self.state.step, self.settings.evaluate_every
        if step % every and step != self.settings.steps:
            return True
        try:
            self.validate()
        except NonFiniteOutputError as error:
            self.writer.write(events.Diverged(step, str(error), math.nan))
            return False
        return True

    def validate(self) -> None:
        """Score the model, picture and speak it, keep it; then say so in one event."""
        begun, step = time.monotonic(), self.state.step
        result = evaluate(self.state.model, self.held_out)
        metric, sign = OBJECTIVES[self.settings.objective]
        value = sign * result.metrics[metric]
        is_best = self.state.best is None or value > self.state.best.value
        if is_best:
            self.state.best = Best(step, value)
        draw_validation(self.paths.alignment_png(step), result, self.held_out, step)
        self._speak(result, step)
        seconds = time.monotonic() - begun
        self.writer.write(
            events.Evaluation(
                step=step,
                metrics={**result.metrics, **self._system_metrics()},
                alignment_png=self.paths.relative(self.paths.alignment_png(step)),
                sample_wav=self.paths.relative(self.paths.sample_wav(step)),
                best=is_best,
                seconds=round(seconds, 3),
            )
        )
        # After the event: a kill in between repeats this evaluation, and never loses one.
        self.save_checkpoint()
        if is_best:
            keep_as_best(self.paths)
        log.info("step %d: quality %.3f, %s", step, result.metrics["quality"], _summary(result))
        self.state.started += time.monotonic() - begun  # steps a second are of training alone

    def save_checkpoint(self) -> None:
        """Write the last checkpoint, and say so."""
        state = self.state
        Checkpoint(
            iteration=state.step,
            state_dict=state.model.state_dict(),
            optimizer=state.optimizer.state_dict(),
            learning_rate=float(state.optimizer.param_groups[0]["lr"]),
            hparams=self.hparams,
            language=self.corpus.language,
            scale=self.dataset.scale,
            random_states=random_states(self.settings.device),
            best=state.best,
        ).save(self.paths.last_checkpoint)
        path = self.paths.relative(self.paths.last_checkpoint)
        self.writer.write(events.Checkpoint(state.step, path))

    def _resume(self) -> bool:
        """Continue from the last checkpoint where there is one."""
        if not self.paths.last_checkpoint.exists():
            return False
        checkpoint = Checkpoint.load(self.paths.last_checkpoint, self.settings.device)
        if checkpoint.hparams != self.hparams:
            changed = [
                name
                for name in HParams.model_fields
                if getattr(checkpoint.hparams, name) != getattr(self.hparams, name)
            ]
            raise BadInputError(
                f"run directory {self.paths.root} holds a run with another "
                f"{', '.join(changed)}: use another directory, or the same hparams"
            )
        state = self.state
        state.model.load_state_dict(checkpoint.state_dict)
        state.optimizer.load_state_dict(dict(checkpoint.optimizer))
        state.step, state.best = checkpoint.iteration, checkpoint.best
        restore_random_states(checkpoint.random_states, self.settings.device)
        return True

    def _announce(self, resumed: bool) -> None:
        state, data = self.state, self.dataset
        state.started, state.first_step = time.monotonic(), state.step
        n_parameters = sum(p.numel() for p in state.model.parameters())
        self.writer.write(
            events.Started(
                step=state.step,
                steps=self.settings.steps,
                resumed=resumed,
                pid=os.getpid(),
                hparams=self.hparams.model_dump(mode="json"),
                versions={"python": platform.python_version(), "torch": str(torch.__version__)},
                n_parameters=n_parameters,
                n_training=len(data.training),
                n_held_out=len(data.held_out),
                baseline_mel_l1=data.baseline_mel_l1,
            )
        )
        log.info(
            "%s parameters, %d utterances to train on, %d held out; %s step %d of %d on %s",
            f"{n_parameters:,}", len(data.training), len(data.held_out),
            "resumed at" if resumed else "from", state.step, self.settings.steps,
            self.settings.device,
        )  # fmt: skip

    def _finite(self, step: int, values: dict[str, float]) -> bool:
        for quantity, value in values.items():
            if not math.isfinite(value):
                self.writer.write(events.Diverged(step, quantity, value))
                log.error("step %d: %s is %s", step, quantity, value)
                return False
        return True

    def _speak(self, result: Result, step: int) -> None:
        wav = griffin_lim(torch.from_numpy(np.array(result.spoken.mels[0])), self.hparams)
        with atomic_path(self.paths.sample_wav(step)) as temporary:
            soundfile.write(temporary, wav, self.hparams.sampling_rate, subtype="PCM_16")

    def _system_metrics(self) -> dict[str, float]:
        metrics = {
            "system.memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        if self.settings.device.type == "cuda":
            used = torch.cuda.max_memory_allocated(self.settings.device)
            metrics["system.gpu_memory_mb"] = used / 2**20
        return metrics


def _summary(result: Result) -> str:
    m = result.metrics
    return (
        f"diagonal {m['alignment.diagonal_score']:.2f}, "
        f"success {m['free_run.success_rate']:.2f}, "
        f"retrieval {m['free_run.retrieval_rate']:.2f}, loss {m['validation.loss']:.3f}"
    )
