"""A validation as the run sees it: scored, shown, told, and compared with the best so far."""

import logging
import math
import time
from dataclasses import dataclass

from trainer import events
from trainer.checkpoint import Best
from trainer.exhibits import write_exhibits
from trainer.hparams import HParams
from trainer.paths import RunPaths
from trainer.state import TrainingState
from trainer.telling import Write, summary, system_metrics, warn
from trainer.trouble import Failure
from trainer.validation import HeldOut, Result, evaluate
from trainer.validation.evaluate import NonFiniteOutputError

log = logging.getLogger(__name__)

# What "best" means, by objective: its metric, and the sign that makes more better.
_OBJECTIVES = {
    "quality": ("quality", 1.0),
    "val_loss": ("validation.loss", -1.0),
    "mcd": ("mcd", -1.0),
}


@dataclass(frozen=True)
class Examined:
    """What came of one validation."""

    failure: Failure | None
    loss: float = math.nan
    """``validation.loss``."""
    best: Best | None = None
    """The best evaluation so far, this one included."""


class Examiner:
    """Examines the state of a run; the first rank's work."""

    def __init__(
        self, paths: RunPaths, held_out: HeldOut, hparams: HParams, objective: str, write: Write
    ) -> None:
        self._paths, self._held_out, self._hparams = paths, held_out, hparams
        self._metric, self._sign = _OBJECTIVES[objective]
        self._write = write

    def run(self, state: TrainingState, steps_per_second: float) -> Examined:
        """Validate ``state``, which stays as it is."""
        begun, step = time.monotonic(), state.step
        try:
            result = evaluate(state.model, self._held_out, self._hparams.alignment_diagnostics)
        except NonFiniteOutputError as error:
            return Examined(Failure("non_finite", step, str(error), math.nan))
        best = self._best(state.best, result, step)
        png, wav = self._exhibit(result, step)
        self._write(
            events.Evaluation(
                step=step,
                metrics={
                    **result.metrics,
                    **system_metrics(state.ranks.device, steps_per_second),
                },
                alignment_png=png,
                sample_wav=wav,
                best=best.step == step,
                seconds=round(time.monotonic() - begun, 3),
            )
        )
        log.info("step %d: %s", step, summary(result))
        return Examined(None, result.metrics["validation.loss"], best)

    def _best(self, best: Best | None, result: Result, step: int) -> Best:
        value = self._sign * result.metrics[self._metric]
        return Best(step, value) if best is None or value > best.value else best

    def _exhibit(self, result: Result, step: int) -> tuple[str, str]:
        """The paths of picture and sound; empty where the disk is full."""
        paths = self._paths
        try:
            write_exhibits(paths, result, self._held_out, self._hparams, step)
        except OSError as error:
            warn(self._write, step, f"picture and sound of step {step}: {error.strerror or error}")
            return "", ""
        return paths.relative(paths.alignment_png(step)), paths.relative(paths.sample_wav(step))
