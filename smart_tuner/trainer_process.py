"""One trainer subprocess: started, watched, asked to stop, ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from trainer.paths import RunPaths, write_text

LEASE_SECONDS = 60.0
"""A trainer that nobody has watched for so long checkpoints and leaves."""
# -P: a folder named `trainer` in the user's working directory must not shadow ours.
TRAINER = (sys.executable, "-P", "-m", "trainer")
"""The command that trains."""
STOP_GRACE_SECONDS = 30.0
"""From the polite request to the kill; at least, where a step is slower."""
_POLL_SECONDS = 0.05

# What a trainer gets of the environment: no secret of the service is among it.
_ALLOWED = {
    "PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "USER", "LOGNAME", "VIRTUAL_ENV", "CXX",
}  # fmt: skip
_ALLOWED_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "LD_", "PYTHON", "OMP_", "MKL_", "XDG_", "MPL")


def trainer_environment(environ: Mapping[str, str], threads: int) -> dict[str, str]:
    """The allow-listed part of ``environ``, with the thread count for every math library."""
    allowed = {
        name: value
        for name, value in environ.items()
        if name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)
    }
    return {**allowed, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}


class TrainerProcess:
    """A trainer in a process group of its own; its output goes to the run's log.

    Args:
        paths: the run's files.
        arguments: of the command line.
        threads: of every math library.
        command: what takes the arguments and writes the events.
    """

    def __init__(
        self,
        paths: RunPaths,
        arguments: Sequence[str],
        threads: int,
        command: Sequence[str] = TRAINER,
    ) -> None:
        self.paths = paths
        self.stop_requested = False
        self._kill_at = float("inf")
        paths.root.mkdir(parents=True, exist_ok=True)
        self.renew_lease()
        with paths.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=trainer_environment(os.environ, threads),
            )
        _record_process(paths, self._process.pid)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code once it has ended (negative: killed by that signal); kills the overdue."""
        code = self._process.poll()
        if code is None and time.monotonic() > self._kill_at:
            self.kill()
        if code is not None:
            self.paths.process.unlink(missing_ok=True)
        return code

    def request_stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Ask for a checkpoint and a clean exit; after ``grace_seconds`` it is killed."""
        if self.stop_requested:
            return
        self.stop_requested = True
        self._kill_at = time.monotonic() + grace_seconds
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End the whole process group at once."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def renew_lease(self) -> None:
        """Say that somebody watches."""
        self.paths.lease.touch()


def end_orphan(paths: RunPaths, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
    """Stop the trainer that a dead controller left in this run directory, if it still runs."""
    kill_at = time.monotonic() + grace_seconds
    asked = False
    while (process := _recorded_process(paths.process)) is not None:
        with suppress(psutil.NoSuchProcess):
            if time.monotonic() > kill_at:
                process.kill()
            elif not asked:
                process.terminate()
        asked = True
        time.sleep(_POLL_SECONDS)
    paths.process.unlink(missing_ok=True)


def is_alive(paths: RunPaths) -> bool:
    """Whether a trainer runs in this run directory, whoever started it."""
    return _recorded_process(paths.process) is not None


def _record_process(paths: RunPaths, pid: int) -> None:
    """Note pid and start time: together they name one process, a pid alone is reused."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return  # it has ended already; there is nothing to find again
    write_text(paths.process, json.dumps({"pid": pid, "started": started}))


def _recorded_process(path: Path) -> psutil.Process | None:
    """The process that ``path`` names; ``None`` once it has ended, be it as a zombie."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < 2.0
        ended = process.status() == psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return process if same and not ended else None
