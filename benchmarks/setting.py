"""How this run measures: on which device, with which clock, at which sizes, beside whose code."""

from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.clock import Clock


@dataclass(frozen=True)
class Setting:
    """The same for every case."""

    device: torch.device
    clock: Clock
    threads: int
    quick: bool
    checkout: Path | None
    """Of NVIDIA/tacotron2, where the user has one."""
    folder: Path
    """For files that a case needs; somebody else removes it."""
    ray: Path | None = None
    """A python that has Ray Tune, where the user has one."""
