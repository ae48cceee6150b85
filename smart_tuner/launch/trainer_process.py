"""One trainer process: started or found, watched, asked to stop, ended."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from smart_tuner.launch.trainer_environment import trainer_environment
from trainer.paths import RunPaths, write_text

LEASE_SECONDS = 60.0
"""A trainer that nobody has watched for so long checkpoints and leaves."""
# -P: a folder named `trainer` in the user's working directory must not shadow ours.
TRAINER = (sys.executable, "-P", "-m", "trainer")
"""The command that trains."""
STOP_GRACE_SECONDS = 30.0
"""From the polite request to the kill; at least, where a step is slower."""
_POLL_SECONDS = 0.05
_START_TOLERANCE_SECONDS = 2.0
"""Start times are derived from the system clock, which may have been set meanwhile."""


class TrainerProcess:
    """A trainer in a process group of its own.

    Made by :meth:`start`, or by :meth:`find` of one that a controller before this one started.

    Args:
        paths: the run's files.
        process: the trainer; ``None`` where it has ended already.
        child: the same, where it is a child of this process, which alone learns the exit code.
    """

    def __init__(
        self,
        paths: RunPaths,
        process: psutil.Process | None,
        child: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        self.paths = paths
        self.stop_requested = False
        self.pid = process.pid if process else None
        """The process id; ``None`` where it had ended before it was looked for."""
        self.started_at = process.create_time() if process else None
        """When it began, Unix seconds."""
        self._process, self._child = process, child
        self._kill_at = float("inf")

    @classmethod
    def start(
        cls,
        paths: RunPaths,
        arguments: Sequence[str],
        threads: int,
        command: Sequence[str] = TRAINER,
        gpu: str | None = None,
    ) -> Self:
        """Start a trainer whose output goes to the run's log.

        Args:
            paths: the run's files.
            arguments: of the command line.
            threads: of every math library.
            command: what takes the arguments and writes the events.
            gpu: the only one that it sees.
        """
        paths.root.mkdir(parents=True, exist_ok=True)
        paths.lease.touch()
        with paths.log.open("ab") as log:
            child = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=trainer_environment(os.environ, threads, gpu),
            )
        # Until it is waited for, a child keeps its entry, be it as a zombie.
        process = cls(paths, psutil.Process(child.pid), child)
        record = {"pid": process.pid, "started": process.started_at}
        try:
            write_text(paths.process, json.dumps(record))
        except OSError:  # the disk is full: nobody would find it
            process.kill()
            raise
        return process

    @classmethod
    def find(cls, paths: RunPaths, *, search: bool = False) -> Self:
        """The trainer in this run directory, whoever started it; one that has ended, if none is.

        Args:
            paths: the run's files.
            search: also among the processes of this machine, for one whose controller was killed
                before it could note it.
        """
        process = _recorded(paths.process)
        return cls(paths, _unrecorded(paths.root) if process is None and search else process)

    @property
    def exit_code(self) -> int | None:
        """Of a child that has ended (negative: killed by that signal); else ``None``."""
        return self._child.returncode if self._child else None

    def poll(self) -> bool:
        """Whether it has ended; kills the overdue."""
        ended = self._has_ended()
        if not ended and time.monotonic() > self._kill_at:
            self.kill()
        if ended:
            self.paths.process.unlink(missing_ok=True)
        return ended

    def request_stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Ask for a checkpoint and a clean exit; after ``grace_seconds`` it is killed."""
        if self.stop_requested:
            return
        self.stop_requested = True
        self._kill_at = time.monotonic() + grace_seconds
        if self._process is not None and not self._has_ended():
            with suppress(psutil.NoSuchProcess):
                self._process.terminate()

    def kill(self) -> None:
        """End the whole process group at once."""
        if self.pid is not None and not self._has_ended():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def renew_lease(self) -> None:
        """Say that somebody watches; where nobody is, there may not even be a folder."""
        if self.pid is not None:
            self.paths.lease.touch()

    def _has_ended(self) -> bool:
        if self._child is not None:
            return self._child.poll() is not None
        return self._process is None or not _runs(self._process)


def end_orphan(paths: RunPaths, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
    """Stop the trainer in this run directory, if one is there: politely, then firmly."""
    process = TrainerProcess.find(paths)
    process.request_stop(grace_seconds)
    while not process.poll():
        time.sleep(_POLL_SECONDS)


def is_alive(paths: RunPaths) -> bool:
    """Whether a trainer runs in this run directory, whoever started it."""
    return not TrainerProcess.find(paths).poll()


def wait_for_an_end(processes: Iterable[TrainerProcess], seconds: float) -> None:
    """Sleep for ``seconds``, or until one of the trainers ends."""
    watched: list[int] = []
    try:
        for process in processes:
            with suppress(ProcessLookupError):  # it has ended: no use to sleep
                if process.pid is not None:
                    watched.append(os.pidfd_open(process.pid))
        if watched:
            select.select(watched, [], [], seconds)
        else:
            time.sleep(seconds)
    finally:
        for descriptor in watched:
            os.close(descriptor)


def _recorded(path: Path) -> psutil.Process | None:
    """The process that ``path`` names by pid and start time: a pid alone is reused."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < _START_TOLERANCE_SECONDS
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return process if same and _runs(process) else None


def _unrecorded(run_dir: Path) -> psutil.Process | None:
    """The trainer whose command line names ``run_dir``."""
    root = run_dir.resolve()
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            words = process.cmdline()
            if "--run-dir" not in words[:-1]:
                continue
            told = Path(words[words.index("--run-dir") + 1])
            if (Path(process.cwd()) / told).resolve() == root:
                return process
    return None


def _runs(process: psutil.Process) -> bool:
    """Whether it is there and no zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
