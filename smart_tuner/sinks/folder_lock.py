"""One sink process at a time in the folder of a study's runs, however many controllers run it."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "sinks.lock"


@contextmanager
def folder_lock(folder: Path, patience: Callable[[], bool]) -> Iterator[bool]:
    """Hold the lock of ``folder`` within the block; whether it was got.

    Args:
        folder: of a study's run directories.
        patience: called as long as another process holds it; ``False``: give up.
    """
    with (folder / FILE).open("ab") as file:
        got = _locked(file.fileno())
        while not got and patience():
            got = _locked(file.fileno())
        yield got  # closing the file, or the death of the process, lets go of it


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
