"""The processes that load batches: how they are started, and when they leave."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, resource_tracker

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY_S = 1.0


@contextmanager
def starting_workers() -> Iterator[None]:
    """Within this block, started processes don't feel SIGINT and SIGTERM.

    Both often go to a whole group of processes. Workers that left then would take the trainer
    along in the middle of its last checkpoint.
    """
    resource_tracker.ensure_running()  # when it starts, it lets the signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(number: int) -> None:
    """Called in each new worker: from now on it lives and dies as the trainer wants it to."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=_leave_with_trainer, name=f"watch-{number}", daemon=True).start()


def _leave_with_trainer() -> None:
    """End the process when the trainer has gone, or when it is the trainer that sends SIGTERM."""
    trainer = parent_process()
    assert trainer is not None  # else this is no worker
    while trainer.is_alive():
        sent = signal.sigtimedwait(_SIGNALS, _LOOK_EVERY_S)
        if sent is not None and sent.si_pid == trainer.pid:
            break
    os._exit(0)
