"""The command line ``smart-tuner``: what every command says, returns and refuses.

Every command is one module, imported when it is called (:mod:`smart_tuner.cli.lazy_group`). It
returns a :class:`~smart_tuner.exit_codes.TunerExit`; the one edge is :mod:`smart_tuner.cli.errors`.
"""

from collections.abc import Sequence

from smart_tuner.cli.errors import run
from smart_tuner.cli.program import program


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``smart-tuner`` with ``argv`` (default: the process's) and return its exit code."""
    return run(program, argv)
