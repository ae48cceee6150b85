"""What a run is told beside its hparams."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WarmStartFrom:
    """Whose weights a new run begins with."""

    path: Path
    ignore_layers: tuple[str, ...]


@dataclass(frozen=True)
class RunSettings:
    """How long, how often, and where."""

    steps: int
    evaluate_every: int
    objective: str
    cache_dir: Path
    keep_every: int = 0
    """Steps between checkpoints that are kept; 0 keeps the best and the last alone."""
    workers: int = 0
    """Processes that load batches; 0: none beside the trainer."""
    warm_start: WarmStartFrom | None = None
