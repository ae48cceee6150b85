"""Python in a process of its own, over this checkout."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def command(*arguments: str) -> list[str]:
    """This interpreter with ``arguments``; nothing is imported from the working directory."""
    return [sys.executable, "-P", *arguments]


def environment(threads: int) -> dict[str, str]:
    """This checkout before whatever is installed; ``threads`` for all that computes."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
