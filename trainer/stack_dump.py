"""Where a trainer is, on request: SIGUSR1 has it write down every thread's stack."""

import faulthandler
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

REQUEST = signal.SIGUSR1
"""Asks for the stacks."""


@contextmanager
def stacks_on_request(path: Path) -> Iterator[None]:
    """While the block runs, each :data:`REQUEST` appends the stacks of all threads to ``path``.

    They are written by the signal's own handler, so that they come even while the trainer hangs in
    C code. Where nobody asked, no file is left. Only for the main thread. A file that can't be
    opened is warned of, and stops nothing.
    """
    # What unregister() goes back to: a request that comes too late must not kill.
    signal.signal(REQUEST, signal.SIG_IGN)
    try:
        file = path.open("ab", buffering=0)
    except OSError as error:
        log.warning("%s can't be opened: %s; nobody can ask for stacks", path, error.strerror)
        yield
        return
    with file:
        faulthandler.register(REQUEST, file=file, all_threads=True, chain=False)
        try:
            yield
        finally:
            faulthandler.unregister(REQUEST)
            _remove_empty(path, file)


def _remove_empty(path: Path, file: BinaryIO) -> None:
    if os.fstat(file.fileno()).st_size:
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s can't be removed: %s", path, error.strerror)
