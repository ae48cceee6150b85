"""Training, as verbs: load_model, prepare_dataloaders, train, validate, save_checkpoint."""

import logging
import time
from collections.abc import Callable

from trainer import events
from trainer.checkpoint import Checkpoint
from trainer.checkpoint_folder import CheckpointFolder, Found
from trainer.corpus import Corpus
from trainer.data.dataset import Progress
from trainer.data.loader import EffectiveBatch
from trainer.endings import diverged, unwritable
from trainer.examination import Examined, Examiner
from trainer.exit_codes import BadInputError, Ending, TrainerExit
from trainer.hparams import HParams, write_hparams
from trainer.model.recurrence import describe_backend
from trainer.paths import RunPaths
from trainer.preparation import load_model, prepare_dataloaders
from trainer.ranks import Ranks
from trainer.schedule import learning_rate
from trainer.settings import RunSettings
from trainer.stability.lr_adapter import Adaptation
from trainer.state import note_of
from trainer.step import Stepper, StepResult
from trainer.stop import StopRequest
from trainer.telling import Write, started, step_metrics, warn
from trainer.trouble import Failure, report_trouble

log = logging.getLogger(__name__)


class Training:
    """One run: from its last checkpoint, or from the start, to its last step."""

    def __init__(
        self,
        paths: RunPaths,
        corpus: Corpus,
        hparams: HParams,
        settings: RunSettings,
        ranks: Ranks,
        write: Write,
        progress: Progress,
    ) -> None:
        self.paths, self.corpus, self.hparams = paths, corpus, hparams
        self.settings, self.ranks, self.write = settings, ranks, write
        self.dataset, self.loader, self.held_out = prepare_dataloaders(
            corpus, hparams, settings, ranks, write, progress
        )
        self.folder = CheckpointFolder(paths, settings.keep_every)
        begins = self.folder.is_empty
        self.state = load_model(hparams, settings, ranks, self.dataset, write, warm=begins)
        self.stepper = Stepper(self.state, self.dataset, hparams, ranks)
        self._examiner = Examiner(paths, self.held_out, hparams, settings.objective, write)
        self._seconds = 0.0  # of steps alone, in this process
        self._steps = 0
        self._unsaved = False
        self._exploding = False

    def train(self, stop: StopRequest, show: Callable[[int], None]) -> Ending:
        """Train to the last step, or to the first reason to leave; ``show`` is told each step."""
        self._begin()
        with self.loader:
            return self._steps_to_the_end(stop, show)

    def _steps_to_the_end(self, stop: StopRequest, show: Callable[[int], None]) -> Ending:
        batches = self.loader.batches(self.state.step)
        while self.state.step < self.settings.steps:
            show(self.state.step)
            if self.ranks.any(stop.reason is not None):
                return self._leave(stop.reason or "another process was stopped")
            batch = next(batches)
            failure = self._step(batch)
            if failure is None and self._validation_is_due():
                failure = self.validate()
            elif failure is None and self._keeping_is_due():
                self.save_checkpoint()
            if failure is not None:
                if not self._rescue(failure, batch):
                    restarts = self.state.stability.rescue.restarts
                    return diverged(failure, self.hparams, restarts, self.paths.root)
                batches = self.loader.batches(self.state.step)
        show(self.state.step)
        return self._finished()

    def _finished(self) -> Ending:
        if self._unsaved:
            return unwritable(self.state.step, self.paths.checkpoints)
        if self.ranks.is_first:
            self.folder.tidy()
        log.info(
            "done: the best voice, of step %d, is %s",
            self.state.best.step if self.state.best else 0, self.paths.best_checkpoint,
        )  # fmt: skip
        return Ending(TrainerExit.FINISHED)

    def _begin(self) -> None:
        resumed = not self.folder.is_empty
        if resumed:
            found = self.folder.newest(self.ranks.device)
            self._resume(found)
            for damage in found.damaged:
                self._warn(f"{damage}; training goes on from {found.path.name}")
            self._link_again()
        self.write(started(self.state, self.dataset, self.settings.steps, resumed))
        log.info(
            "%s parameters, %d utterances to train on, %d held out; %s step %d of %d on %s",
            f"{self.state.n_parameters:,}", len(self.dataset.training),
            len(self.dataset.held_out), "resumed at" if resumed else "from", self.state.step,
            self.settings.steps, self.ranks.device,
        )  # fmt: skip
        backend = describe_backend(self.hparams.decoder_backend, self.ranks.device)
        log.info("decoder backend: %s", backend)
        if self.hparams.rescue and not resumed:
            self._save(self.folder.write_start)

    def _resume(self, found: Found) -> None:
        changed = self.state.resume(found.checkpoint, str(found.path))
        if changed:
            self._warn(f"goes on with another {changed}")
            if self.ranks.is_first:
                write_hparams(self.paths.hparams, self.hparams)
        if self.state.step > self.settings.steps:
            raise BadInputError(
                f"{found.path} is of step {self.state.step}, beyond --steps "
                f"{self.settings.steps}: give a larger number of steps"
            )
        if self.state.step == self.settings.steps:
            log.info("trained to step %d already: a larger --steps goes on", self.state.step)

    def _link_again(self) -> None:
        """What a kill between a checkpoint and its links left undone."""
        state = self.state
        if not self.ranks.is_first or not self.paths.last_checkpoint.exists():
            return
        if state.best and state.best.step == state.step:
            self.folder.keep_as_best()
        if self._is_good and state.step and self._validation_is_due():
            self.folder.keep_as_good()

    @property
    def _is_good(self) -> bool:
        """Whether a rescue may go back to the present state."""
        return self.hparams.rescue and self.state.stability.monitor.recent_calm

    def _leave(self, reason: str) -> Ending:
        if not self.save_checkpoint():
            return unwritable(self.state.step, self.paths.checkpoints)
        log.info("%s at step %d; the checkpoint continues from here", reason, self.state.step)
        return Ending(TrainerExit.STOPPED)

    def _step(self, batch: EffectiveBatch) -> Failure | None:
        """One optimiser step, told and watched."""
        begun, state = time.monotonic(), self.state
        factor = state.stability.adapter.factor
        rate = factor * learning_rate(self.hparams, state.step, self.settings.steps)
        result = self.stepper.run(batch, rate)
        self._seconds += time.monotonic() - begun
        self._steps += 1
        metrics = step_metrics(result, rate, self.steps_per_second)
        state.recent.append(note_of(metrics, state.step + 1, result.skipped))
        if result.not_finite:
            return Failure("non_finite", state.step + 1, *result.not_finite)
        state.step += 1
        self.write(events.Step(state.step, metrics, skipped=result.skipped))
        return self._watch(result, batch)

    def _watch(self, result: StepResult, batch: EffectiveBatch) -> Failure | None:
        """What monitor and adapter say of the step."""
        kit, step = self.state.stability, self.state.step
        seen = kit.monitor.observe(step, result.norm, result.skipped)
        if seen.announce and seen.threshold is not None:
            self.write(events.Gradient(step, str(seen.level), result.norm, seen.threshold))
        if not result.skipped:
            self._tell(kit.adapter.after_step(step, seen.level == "critical"))
        began, self._exploding = seen.exploded and not self._exploding, seen.exploded
        failure = Failure("gradient_explosion", step, "gradient.norm", result.norm)
        if began and not self.hparams.rescue:
            # A study's controller decides what becomes of it; here it is only put on record.
            self._report(failure, batch)
        return failure if seen.exploded and self.hparams.rescue else None

    @property
    def steps_per_second(self) -> float:
        """Of this process, validations not counted."""
        return self._steps / self._seconds if self._seconds else 0.0

    def _validation_is_due(self) -> bool:
        step = self.state.step
        return step % self.settings.evaluate_every == 0 or step == self.settings.steps

    def _keeping_is_due(self) -> bool:
        every = self.settings.keep_every
        return every > 0 and self.state.step % every == 0

    def validate(self) -> Failure | None:
        """Score the model, show it, keep it; a failure where its outputs are not finite."""
        state, kit = self.state, self.state.stability
        mine = self._examiner.run(state, self.steps_per_second) if self.ranks.is_first else None
        examined: Examined = self.ranks.from_first(mine)
        if examined.failure is not None:
            return examined.failure
        is_best = examined.best != state.best
        state.best = examined.best
        self._tell(kit.adapter.after_evaluation(state.step, examined.loss))
        if self._is_good:
            kit.rescue.progressed(state.step)
        # After the event: a kill in between repeats this evaluation, and never loses one.
        if self.save_checkpoint() and self.ranks.is_first:
            if is_best:
                self.folder.keep_as_best()
            if self._is_good:
                self.folder.keep_as_good()
        return None

    def save_checkpoint(self) -> bool:
        """Write the last checkpoint, and say so; False where the disk doesn't take it."""
        if not self._save(self.folder.write):
            return False
        path = self.paths.relative(self.paths.last_checkpoint)
        self.write(events.Checkpoint(self.state.step, path))
        return True

    def _save(self, write: Callable[[Checkpoint], None]) -> bool:
        """Every rank gives its share of the state, the first one writes."""
        checkpoint = self.state.capture(self.corpus.language, self.dataset.scale)
        written = self._written(write, checkpoint) if self.ranks.is_first else None
        self._unsaved = not self.ranks.from_first(written)
        return not self._unsaved

    def _written(self, write: Callable[[Checkpoint], None], checkpoint: Checkpoint) -> bool:
        try:
            write(checkpoint)
        except OSError as error:
            self._warn(
                f"the checkpoint of step {checkpoint.iteration} can't be written: "
                f"{error.strerror or error}; the one before is kept, and training goes on"
            )
            return False
        return True

    def _rescue(self, failure: Failure, batch: EffectiveBatch) -> bool:
        """Back to the last good checkpoint with a lower rate; False where that is used up."""
        log.error("step %d: %s is %g", failure.step, failure.quantity, failure.value)
        self._report(failure, batch)
        rescue = self.state.stability.rescue
        if not rescue.failed(failure.step):
            self.write(events.Diverged(failure.step, failure.quantity, failure.value))
            return False
        found = self.folder.newest_good(self.ranks.device)
        adaptations = self.state.go_back(found.checkpoint, str(found.path))
        factor, step = self.state.stability.adapter.factor, self.state.step
        self.write(events.Rescued(failure.step, step, failure.cause, rescue.restarts, factor))
        self._tell(adaptations)
        log.warning("back to step %d with %g of the learning rate", step, factor)
        self.save_checkpoint()  # a kill right now must not forget that there was a rescue
        return True

    def _report(self, failure: Failure, batch: EffectiveBatch) -> None:
        """The debug folder, on the first rank; a full disk stops no rescue."""
        if not (self.hparams.debug_report and self.ranks.is_first):
            return
        number = self.state.stability.rescue.total + 1
        folder = self.paths.debug(failure.step, failure.cause, number)
        try:
            report_trouble(folder, failure, batch, self.state, self.dataset)
        except OSError as error:
            self._warn(f"debug report {folder}: {error.strerror or error}")
            return
        path = self.paths.relative(folder)
        self.write(events.DebugReport(failure.step, failure.cause, path))

    def _tell(self, adaptations: list[Adaptation]) -> None:
        for change in adaptations:
            self.write(events.LearningRateAdapted(change.step, change.factor, str(change.cause)))

    def _warn(self, message: str) -> None:
        warn(self.write, self.state.step, message)
