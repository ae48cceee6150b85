"""The GPUs that trainers on this machine could use, asked without torch."""

import os
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_UNIQUE_NAMES = ("GPU-", "MIG-")


def visible_gpus(
    environ: Mapping[str, str] | None = None, devices: Path = Path("/dev")
) -> tuple[str, ...]:
    """Each GPU as ``CUDA_VISIBLE_DEVICES`` names it: by number, or by its unique name.

    As CUDA reads that variable: all of them where it is not set, and none of what follows the
    first that can't be one.

    Args:
        environ: ``None``: ``os.environ``.
        devices: where the device files are.
    """
    # CUDA counts those that are there from 0, whatever the numbers of their files.
    present = len(list(devices.glob("nvidia[0-9]*")))
    visible = (os.environ if environ is None else environ).get(_VISIBLE)
    if visible is None:
        return tuple(str(number) for number in range(present))
    named = (name.strip() for name in visible.split(",") if present)
    return tuple(dict.fromkeys(takewhile(lambda name: _can_be_one(name, present), named)))


def has_gpu() -> bool:
    """Whether there is one that is not hidden by ``CUDA_VISIBLE_DEVICES``."""
    return bool(visible_gpus())


def _can_be_one(name: str, present: int) -> bool:
    if name.startswith(_UNIQUE_NAMES):
        return True
    return name.isdecimal() and int(name) < present
