"""How the trainer ends: its exit codes, and the one exception that stands for bad input."""

from dataclasses import dataclass
from enum import IntEnum


class TrainerExit(IntEnum):
    """Exit codes of ``python -m trainer``; documented in ``docs/exit-codes.md``."""

    FINISHED = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    STOPPED = 3
    """Asked to stop (SIGTERM, SIGINT or a lapsed lease): a checkpoint was written."""
    DIVERGED = 4
    """The loss or the gradient was not finite, or exploded, and could not be rescued."""
    OUT_OF_MEMORY = 5
    UNWRITABLE = 6
    """No room on the disk, or the last checkpoint could not be written for other reasons."""


@dataclass(frozen=True)
class Ending:
    """How a run ended, and in one line why, where that needs saying."""

    exit: TrainerExit
    message: str = ""


class BadInputError(Exception):
    """Input that a person must mend: one line that names the thing, the value and the remedy."""


class NoRoomError(BadInputError):
    """The disk is full: once there is room, the same goes on. Exit code ``UNWRITABLE``."""
