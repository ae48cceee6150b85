"""How the command ``smart-tuner`` ends: its exit codes."""

from enum import IntEnum


class TunerExit(IntEnum):
    """Exit codes of ``smart-tuner``; documented in ``docs/exit-codes.md``."""

    FINISHED = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    """Something a person must mend; one line on standard error says what."""
    NO_RESULT = 3
    """The study ended and not one trial completed."""
    STOPPED = 4
    """Stopped on request; started again, the study continues."""
