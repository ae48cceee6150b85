"""The checkpoints of a run on disk: which are kept, and which of them can be gone on from."""

from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.checkpoint import Checkpoint, keep_as
from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths


@dataclass(frozen=True)
class Found:
    """The newest checkpoint that is whole."""

    checkpoint: Checkpoint
    path: Path
    damaged: tuple[str, ...]
    """What is wrong with those that come before it, one line each."""


class CheckpointFolder:
    """``last.pt``, ``previous.pt``, ``best.pt``, ``good.pt`` and every n-th."""

    def __init__(self, paths: RunPaths, keep_every: int = 0) -> None:
        self._paths, self._keep_every = paths, keep_every

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to go on from."""
        return not any(path.exists() for path in self._by_age)

    @property
    def _by_age(self) -> tuple[Path, ...]:
        """Where a resume looks, the newest first; a rescue's checkpoint and the best may be old."""
        paths = self._paths
        return (
            paths.last_checkpoint, paths.previous_checkpoint, paths.good_checkpoint,
            paths.best_checkpoint,
        )  # fmt: skip

    def write(self, checkpoint: Checkpoint) -> None:
        """Make ``checkpoint`` the last; the last one becomes the previous.

        Raises:
            OSError: it can't be written; the last one is what it was.
        """
        last = self._paths.last_checkpoint
        if last.exists():
            keep_as(last, self._paths.previous_checkpoint)
        checkpoint.save(last)
        if self._keep_every and checkpoint.iteration % self._keep_every == 0:
            keep_as(last, self._paths.kept_checkpoint(checkpoint.iteration))

    def write_start(self, checkpoint: Checkpoint) -> None:
        """What a rescue before the first validation goes back to."""
        checkpoint.save(self._paths.good_checkpoint)

    def keep_as_best(self) -> None:
        """The last checkpoint is the best one too."""
        keep_as(self._paths.last_checkpoint, self._paths.best_checkpoint)

    def keep_as_good(self) -> None:
        """The last checkpoint is of calm training."""
        keep_as(self._paths.last_checkpoint, self._paths.good_checkpoint)

    def newest(self, device: torch.device) -> Found:
        """The newest whole checkpoint; :class:`BadInputError` where none is."""
        return _first_whole(self._by_age, device)

    def newest_good(self, device: torch.device) -> Found:
        """The one to rescue training from."""
        return _first_whole((self._paths.good_checkpoint, *self._by_age), device)

    def tidy(self) -> None:
        """The run is at its end: keep the best, the last and every n-th."""
        self._paths.previous_checkpoint.unlink(missing_ok=True)
        self._paths.good_checkpoint.unlink(missing_ok=True)


def _first_whole(candidates: tuple[Path, ...], device: torch.device) -> Found:
    damaged: list[str] = []
    for path in candidates:
        if not path.exists():
            continue
        try:
            return Found(Checkpoint.load(path, device), path, tuple(damaged))
        except BadInputError as error:
            damaged.append(str(error))
    raise BadInputError(
        f"{damaged[0]}; no other checkpoint beside it is whole: remove the run directory to start "
        "anew"
    )
