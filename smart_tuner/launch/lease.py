"""The lease of a run directory: which controller watches the trainer in it, and that it does."""

import json
import time
from pathlib import Path

from storage.controller_process import ControllerProcess, has_ended
from trainer.paths import DISK_FULL, write_text

FRESH_SECONDS = 10.0
"""A controller that is at work renews its leases every second."""


def hold(path: Path, process: ControllerProcess) -> None:
    """From now on ``process`` watches; each touch of the file says that it still does."""
    try:
        write_text(path, json.dumps(process._asdict()))
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        path.touch()  # without a name: of the two training matters more


def watcher(path: Path) -> ControllerProcess | None:
    """The living controller that has renewed the lease just now; ``None`` where nobody does.

    A database that was copied while its study ran knows nothing of it: to that one the study's
    controllers are silent.
    """
    try:
        age = time.time() - path.stat().st_mtime
        holder = _holder(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return holder if holder and age < FRESH_SECONDS and not has_ended(holder) else None


def _holder(text: str) -> ControllerProcess | None:
    """``None`` of a lease that nobody has signed yet."""
    return ControllerProcess(**json.loads(text)) if text else None
