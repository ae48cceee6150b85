"""What a run is told, and what changes from step to step."""

from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.checkpoint import Best, Checkpoint, random_states, restore_random_states
from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.optimizer import build_optimizer
from trainer.text import Language


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
    """Model, optimiser, position and best evaluation; a checkpoint holds all of it."""

    model: Tacotron2
    optimizer: torch.optim.Adam
    device: torch.device
    step: int = 0
    best: Best | None = None

    @property
    def n_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def capture(self, language: Language, scale: MelScale) -> Checkpoint:
        """The state as a checkpoint."""
        return Checkpoint(
            iteration=self.step,
            state_dict=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            learning_rate=float(self.optimizer.param_groups[0]["lr"]),
            hparams=self.model.hparams,
            language=language,
            scale=scale,
            random_states=random_states(self.device),
            best=self.best,
        )

    def restore(self, path: Path) -> None:
        """Go on from the checkpoint at ``path``.

        Raises:
            BadInputError: it can't be read, or was trained with other hparams.
        """
        checkpoint = Checkpoint.load(path, self.device)
        _require_same(self.model.hparams, checkpoint.hparams, path)
        self.model.load_state_dict(checkpoint.state_dict)
        self.optimizer.load_state_dict(dict(checkpoint.optimizer))
        self.step, self.best = checkpoint.iteration, checkpoint.best
        restore_random_states(checkpoint.random_states, self.device)


def load_model(hparams: HParams, device: torch.device) -> TrainingState:
    """A fresh model and optimiser, drawn from ``hparams.seed``."""
    torch.manual_seed(hparams.seed)
    model = Tacotron2(hparams).to(device)
    return TrainingState(model, build_optimizer(model, hparams), device)


def _require_same(mine: HParams, theirs: HParams, path: Path) -> None:
    changed = [n for n in HParams.model_fields if getattr(mine, n) != getattr(theirs, n)]
    if changed:
        raise BadInputError(
            f"checkpoint {path} was trained with another {', '.join(changed)}: "
            "use another run directory, or the same hparams"
        )
