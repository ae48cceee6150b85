"""Stable identifiers: why a trial ended early, and what most likely lies behind it."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a trial was pruned or failed (METRICS, "Reasons"); stored, shown and never renamed."""

    GRADIENT_EXPLOSION = "gradient_explosion"
    NON_FINITE = "non_finite"
    NEVER_ALIGNED = "never_aligned"
    ALIGNMENT_LOST = "alignment_lost"
    STATISTICAL = "statistical"
    """Optuna's pruner found it worse than its peers."""
    OUT_OF_MEMORY = "out_of_memory"
    STOPPED = "stopped"
    STALLED = "stalled"
    CRASHED = "crashed"
    BAD_INPUT = "bad_input"


class Cause(StrEnum):
    """What the numbers of a verdict point to."""

    COPIES_LAST_FRAME = "copies_last_frame"
    """The decoder repeats the frame it was fed instead of listening to the text."""
