"""Training, as verbs: load_model, prepare_dataloaders, train, validate, save_checkpoint."""

import logging
import math
import os
import platform
import resource
import time
from collections.abc import Callable, Iterable

import torch

from trainer import events
from trainer.checkpoint import Best, keep_as_best
from trainer.corpus import Corpus
from trainer.data import BatchOrder, Dataset, MelStore, build_datasets, collate
from trainer.data.dataset import Progress
from trainer.exhibits import write_exhibits
from trainer.exit_codes import TrainerExit
from trainer.hparams import HParams
from trainer.losses import LossTerms, training_loss
from trainer.optimizer import set_learning_rate
from trainer.paths import RunPaths
from trainer.schedule import learning_rate
from trainer.state import RunSettings, load_model
from trainer.stop import StopRequest
from trainer.validation import HeldOut, Result, evaluate
from trainer.validation.evaluate import NonFiniteOutputError

log = logging.getLogger(__name__)

# What "best" means, by objective: its metric, and the sign that makes more better.
_OBJECTIVES = {
    "quality": ("quality", 1.0),
    "val_loss": ("validation.loss", -1.0),
    "mcd": ("mcd", -1.0),
}


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
        self._seconds = 0.0  # of steps alone, in this process
        self._first_step = 0

    def train(
        self, stop: StopRequest, bar: Callable[[Iterable[int]], Iterable[int]]
    ) -> TrainerExit:
        """Train to the last step, or to the first reason to leave."""
        resumed = self.paths.last_checkpoint.exists()
        if resumed:
            self.state.restore(self.paths.last_checkpoint)
        self._announce(resumed)
        for step in bar(range(self.state.step, self.settings.steps)):
            if stop.reason:
                self.save_checkpoint()
                log.info("%s at step %d; the checkpoint continues from here", stop.reason, step)
                return TrainerExit.STOPPED
            if not self._step(step):
                return TrainerExit.DIVERGED
            if self._validation_is_due() and not self.validate():
                return TrainerExit.DIVERGED
        return TrainerExit.FINISHED

    def _step(self, step: int) -> bool:
        """One optimiser step; False where it is not finite, and nothing was changed."""
        begun = time.monotonic()
        state, hparams = self.state, self.hparams
        rate = learning_rate(hparams, step, self.settings.steps)
        set_learning_rate(state.optimizer, rate)
        terms = self._loss(step)
        state.optimizer.zero_grad(set_to_none=True)
        terms.loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), hparams.grad_clip_thresh)
        checked = {"train.loss": terms.loss.item(), "gradient.norm": norm.item()}
        if not self._is_finite(step + 1, checked):
            return False
        state.optimizer.step()
        state.step = step + 1
        self._seconds += time.monotonic() - begun
        self.writer.write(events.Step(state.step, self._step_metrics(terms, rate, norm.item())))
        return True

    def _loss(self, step: int) -> LossTerms:
        """The loss of the batch whose turn it is at the 0-based ``step``."""
        items = [self.dataset.training[i] for i in self.order.indices(step)]
        batch = collate(items, self.dataset.scale).to(self.settings.device)
        self.state.model.train()
        outputs = self.state.model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
        return training_loss(outputs, batch, self.hparams, self.dataset.scale)

    def _step_metrics(self, terms: LossTerms, rate: float, norm: float) -> dict[str, float]:
        values = {
            "train.loss": terms.loss.item(),
            "train.taco": terms.taco.item(),
            "train.gate": terms.gate.item(),
            "train.guide": terms.guide.item(),
            "train.learning_rate": rate,
            "gradient.norm": norm,
            "system.steps_per_second": (self.state.step - self._first_step) / self._seconds,
        }
        return {name: float(f"{value:.6g}") for name, value in values.items()}

    def _validation_is_due(self) -> bool:
        step = self.state.step
        return step % self.settings.evaluate_every == 0 or step == self.settings.steps

    def validate(self) -> bool:
        """Score the model, show it, keep it; False where its outputs are not finite."""
        begun, step = time.monotonic(), self.state.step
        try:
            result = evaluate(self.state.model, self.held_out)
        except NonFiniteOutputError as error:
            self.writer.write(events.Diverged(step, str(error), math.nan))
            return False
        is_best = self._note_best(result)
        write_exhibits(self.paths, result, self.held_out, self.hparams, step)
        self.writer.write(
            events.Evaluation(
                step=step,
                metrics={**result.metrics, **self._system_metrics()},
                alignment_png=self.paths.relative(self.paths.alignment_png(step)),
                sample_wav=self.paths.relative(self.paths.sample_wav(step)),
                best=is_best,
                seconds=round(time.monotonic() - begun, 3),
            )
        )
        # After the event: a kill in between repeats this evaluation, and never loses one.
        self.save_checkpoint()
        if is_best:
            keep_as_best(self.paths)
        log.info("step %d: quality %.3f, %s", step, result.metrics["quality"], _summary(result))
        return True

    def save_checkpoint(self) -> None:
        """Write the last checkpoint, and say so."""
        checkpoint = self.state.capture(self.corpus.language, self.dataset.scale)
        checkpoint.save(self.paths.last_checkpoint)
        path = self.paths.relative(self.paths.last_checkpoint)
        self.writer.write(events.Checkpoint(self.state.step, path))

    def _note_best(self, result: Result) -> bool:
        metric, sign = _OBJECTIVES[self.settings.objective]
        value = sign * result.metrics[metric]
        if self.state.best is not None and value <= self.state.best.value:
            return False
        self.state.best = Best(self.state.step, value)
        return True

    def _announce(self, resumed: bool) -> None:
        state, data = self.state, self.dataset
        self._first_step = state.step
        self.writer.write(
            events.Started(
                step=state.step,
                steps=self.settings.steps,
                resumed=resumed,
                pid=os.getpid(),
                hparams=self.hparams.model_dump(mode="json"),
                versions={"python": platform.python_version(), "torch": str(torch.__version__)},
                n_parameters=state.n_parameters,
                n_training=len(data.training),
                n_held_out=len(data.held_out),
                baseline_mel_l1=data.baseline_mel_l1,
            )
        )
        log.info(
            "%s parameters, %d utterances to train on, %d held out; %s step %d of %d on %s",
            f"{state.n_parameters:,}", len(data.training), len(data.held_out),
            "resumed at" if resumed else "from", state.step, self.settings.steps,
            self.settings.device,
        )  # fmt: skip

    def _is_finite(self, step: int, values: dict[str, float]) -> bool:
        for quantity, value in values.items():
            if not math.isfinite(value):
                self.writer.write(events.Diverged(step, quantity, value))
                log.error("step %d: %s is %s", step, quantity, value)
                return False
        return True

    def _system_metrics(self) -> dict[str, float]:
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        metrics = {
            "system.memory_mb": peak_kib / 1024,
            "system.steps_per_second": (self.state.step - self._first_step) / self._seconds,
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
