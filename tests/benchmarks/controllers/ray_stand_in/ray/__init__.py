"""A stand-in for Ray: as much of its interface as the benchmark uses, one trial after another."""

from typing import Any

__version__ = "0.0"


def init(**options: Any) -> None:
    assert options["num_cpus"] > 0


def shutdown() -> None:
    """Nothing runs."""
