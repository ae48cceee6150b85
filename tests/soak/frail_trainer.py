"""The stub trainer, of which some die before they open, rename or remove a file of their run.

Arguments: a seed, and how many in 100 die, then the stub's own.
"""

import random
import runpy
import sys
from pathlib import Path

from dying import Countdown, die_at_file  # a script finds what lies beside it
from plans import DIE_AT_FILE

_MOST = 40
"""About as many files as a run of the soak's length comes to."""


def main() -> None:
    """Arm this process, or not; then be the stub."""
    seed, percent, *arguments = sys.argv[1:]
    if "--run-dir" in arguments:
        run = Path(arguments[arguments.index("--run-dir") + 1])
        log = run / "trainer.log"  # longer at each start: each has a chance of its own
        rng = random.Random(f"{seed} {run} {log.stat().st_size if log.exists() else 0}")
        if rng.random() * 100 < int(percent):
            die_at_file(Countdown(DIE_AT_FILE, 1 + int(rng.random() * _MOST)), str(run))
    stub = Path(__file__).parents[1] / "smart_tuner" / "stub_trainer.py"
    sys.argv = [str(stub), *arguments]
    runpy.run_path(str(stub), run_name="__main__")


if __name__ == "__main__":
    main()
