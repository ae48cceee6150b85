"""What a study optimises."""

from collections.abc import Sequence

from storage.records import StudyRecord


def objectives_of(study: StudyRecord) -> tuple[str, ...]:
    """Their names: ``quality``, ``val_loss``, ``mcd``."""
    return _several(study.identity.get("objective", "value"))


def directions_of(study: StudyRecord) -> tuple[str, ...]:
    """``maximize`` or ``minimize``, of every objective."""
    return _several(study.identity.get("direction", "maximize"))


def _several(stored: str | Sequence[str]) -> tuple[str, ...]:
    return (stored,) if isinstance(stored, str) else tuple(stored)
