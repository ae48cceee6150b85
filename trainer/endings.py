"""The last line of a run that could not go on: what happened, and what to do."""

from pathlib import Path

from trainer.exit_codes import Ending, TrainerExit
from trainer.hparams import HParams
from trainer.trouble import Failure


def unwritable(step: int, folder: Path) -> Ending:
    """The last checkpoint, of ``step``, found no room in ``folder``."""
    return Ending(
        TrainerExit.UNWRITABLE,
        f"the checkpoint of step {step} could not be written to {folder}: make room there, then "
        "start again to go on from the last one",
    )


def diverged(failure: Failure, hparams: HParams, restarts: int, run_dir: Path) -> Ending:
    """Training failed, and ``restarts`` rescues in a row were all it may have."""
    tried = f"after {restarts} rescues in a row" if hparams.rescue else "with rescue=False"
    shown = f"; see {run_dir / 'debug'}" if hparams.debug_report else ""
    return Ending(
        TrainerExit.DIVERGED,
        f"diverged at step {failure.step}, {tried}: {failure.quantity} is {failure.value:g}"
        f"{shown}; begin anew in another --run-dir with a learning_rate lower than "
        f"{hparams.learning_rate:g}, or go on here with rescue=true and a larger max_restarts",
    )
