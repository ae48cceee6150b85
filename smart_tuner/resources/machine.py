"""What this machine offers to trials: cores, memory, GPUs."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from smart_tuner.resources.cgroups import allowed_cores, free_memory_mb
from smart_tuner.resources.gpus import visible_gpus


@dataclass(frozen=True)
class Machine:
    """What trials may share."""

    cores: int
    memory_mb: float
    """That trials may take, all together."""
    gpus: tuple[str, ...] = ()
    """As ``CUDA_VISIBLE_DEVICES`` names them."""


def this_machine(trainers: Iterable[int] = ()) -> Machine:
    """What the system, and the container or batch job that this process runs in, leave to trials.

    Args:
        trainers: process ids of trainers that run already: their memory is the trials' too.
    """
    cores = min(len(os.sched_getaffinity(0)), allowed_cores())
    free = min(psutil.virtual_memory().available / 2**20, free_memory_mb())
    taken = sum(_memory_mb(pid) for pid in trainers)
    return Machine(max(1, int(cores)), free + taken, visible_gpus())


def _memory_mb(pid: int) -> float:
    """What would be free without a process and its children; nothing of one that has ended."""
    taken = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                taken += one.memory_full_info().uss / 2**20
    return taken
