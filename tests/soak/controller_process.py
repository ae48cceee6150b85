"""One controller, a process of its own: SIGUSR1 has it write the stacks of its threads."""

import faulthandler
import json
import os
import signal
import sys
import traceback

from rich.console import Console
from sabotage import arm  # a script finds what lies beside it

from smart_tuner.config import load_config
from smart_tuner.main import SmartTunerMain
from storage.errors import StorageUnavailableError


def main() -> int:
    """Run a study: its sections, its trainer's command, what befalls this process, all JSON.

    It ends as the command line does; with ``EX_TEMPFAIL`` where the database was away.
    """
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    sections, trainer, planned = (json.loads(argument) for argument in sys.argv[1:])
    if planned is not None:
        arm(*planned, within="runs/")
    console = Console(width=160, emoji=False)
    study = SmartTunerMain(load_config(None, sections, environ={}), console, trainer)
    try:
        return study.run()
    except StorageUnavailableError:
        traceback.print_exc()
        return os.EX_TEMPFAIL


if __name__ == "__main__":
    sys.exit(main())
