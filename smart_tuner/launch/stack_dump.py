"""Where a trainer hangs that says nothing any more: its stacks, and what the system knows of it."""

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psutil

from trainer.paths import RunPaths, write_text

_POLL_SECONDS = 0.02
_QUIET_SECONDS = 0.2
"""Stacks have no last line; they are complete when for so long nothing was added."""
_MUTE = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE)
"""Processes of these states answer no signal; a stopped one would answer when nobody waits."""


def dump_stacks(pid: int, paths: RunPaths, wait_seconds: float = 3.0) -> Path:
    """Write down where the trainer ``pid`` is: ``debug/stalled_<n>.txt``.

    What the system knows of the process is always among it, the stacks of its threads where it
    can tell them; else why there are none. Takes ``wait_seconds`` and some tenths at most.

    Raises:
        OSError: the report can't be written.
    """
    known = _process_lines(pid)
    stacks = _stacks(pid, paths.stacks, wait_seconds)
    report = next(path for n in count(1) if not (path := paths.stalled(n)).exists())
    write_text(report, "\n".join([*known, "", stacks.rstrip(), ""]))
    return report


def _process_lines(pid: int) -> list[str]:
    """What the system knows of the process, read a few tenths of a second apart."""
    heading = f"process {pid} at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    try:
        process = psutil.Process(pid)
        return [heading, *_of_process(process), *_of_threads(process), *_of_children(process)]
    except psutil.NoSuchProcess:  # a zombie's is one too
        return [heading, "it has ended"]
    except psutil.AccessDenied as error:
        return [heading, f"the system tells nothing of it: {error}"]


def _of_process(process: psutil.Process) -> list[str]:
    cpu, memory = process.cpu_times(), process.memory_info()
    share = process.cpu_percent(_QUIET_SECONDS)
    return [
        f"status: {process.status()}; waits in: {_waits_in(process.pid)}",
        f"CPU: {cpu.user:.1f} s user, {cpu.system:.1f} s system; just now {share:.0f} % of a core",
        f"memory: {memory.rss / 2**20:.0f} MB; {process.num_threads()} threads",
        f"command: {' '.join(process.cmdline())}",
    ]


def _of_threads(process: psutil.Process) -> list[str]:
    return [
        f"thread {thread.id}: {thread.user_time:.1f} s user, {thread.system_time:.1f} s system; "
        f"waits in: {_waits_in(process.pid, thread.id)}"
        for thread in process.threads()
    ]


def _of_children(process: psutil.Process) -> list[str]:
    lines = []
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            known = child.as_dict(["pid", "name", "status"])
            lines.append("child {pid}: {name}, {status}".format(**known))
    return lines


def _waits_in(pid: int, thread: int | None = None) -> str:
    """The kernel function in which a thread waits, where the system tells that."""
    folder = Path(f"/proc/{pid}") if thread is None else Path(f"/proc/{pid}/task/{thread}")
    try:
        name = (folder / "wchan").read_text(encoding="ascii")
    except OSError:  # not Linux, not ours to see, or ended
        return "unknown"
    return "nothing" if name in ("", "0") else name


def _stacks(pid: int, file: Path, wait_seconds: float) -> str:
    """The stacks that the trainer adds to ``file``, taken out of it; or why there are none."""
    try:
        process = psutil.Process(pid)
        if (status := process.status()) in _MUTE:
            return f"no stacks: a process that is '{status}' answers nothing"
        # Without a handler, the request would end the process.
        if not (file.exists() and _handles(pid, signal.SIGUSR1)):
            return "no stacks: the trainer does not listen, or not yet"
        before = file.stat().st_size
        process.send_signal(signal.SIGUSR1)
        stacks = _taken(file, before, wait_seconds)
    except (psutil.Error, FileNotFoundError) as error:  # as where it has just ended
        return f"no stacks: {error}"
    return stacks or f"no stacks: no answer within {wait_seconds:g} s"


def _handles(pid: int, number: int) -> bool:
    """Whether the process catches the signal; False where the system doesn't say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    masks = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def _taken(file: Path, before: int, wait_seconds: float) -> str:
    """What is added to ``file`` beyond its first ``before`` bytes; the file is cut off there."""
    size, deadline = before, time.monotonic() + wait_seconds
    changed = time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        seen = file.stat().st_size
        if seen != size:
            size, changed = seen, time.monotonic()
        elif size > before and time.monotonic() - changed > _QUIET_SECONDS:
            break
    with file.open("rb") as handle:
        handle.seek(before)
        added = handle.read()
    os.truncate(file, before)  # then a trainer that was never asked otherwise leaves no file
    return added.decode("utf-8", "replace")
