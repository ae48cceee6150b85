"""Who runs a task, each as a process of its own in a fresh folder."""

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import command, environment
from benchmarks.controllers.record import Record
from benchmarks.controllers.task import Task

BARE = "bare Optuna"
TUNED = "bare Optuna, our engine"
"""With the engine options that ours has: WAL, no waiting for the disk at each commit."""
_SHOWN = 2000


class ContestantFailedError(Exception):
    """A contestant did not run its task to the end; the message is the end of what it said."""


@dataclass(frozen=True)
class Ran:
    """How a contestant ran its task."""

    folder: Path
    wall_seconds: float
    """From the start of its process to its end."""
    record: Record


def fresh_folder(parent: Path, database: Path | None = None) -> Path:
    """A working directory; with a copy of ``database``, where there is one to begin with."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    if database is not None:
        (folder / "study.db").write_bytes(database.read_bytes())
    return folder


def run_ours(task: Task, folder: Path, corpus: Path) -> Ran:
    """Our controller."""
    arguments = ("-m", "benchmarks.controllers.ours", task.to_json(), str(corpus))
    return _with_record(folder, *run_program(command(*arguments), folder))


def run_bare(task: Task, folder: Path) -> Ran:
    """A loop over Optuna's ask and tell."""
    arguments = ("-m", "benchmarks.controllers.bare", task.to_json())
    return _with_record(folder, *run_program(command(*arguments), folder))


def run_program(program: list[str], folder: Path) -> tuple[float, str]:
    """Run ``program`` in ``folder``: seconds by the wall, and what it printed.

    Raises:
        ContestantFailedError: its exit code is not 0.
    """
    began = time.perf_counter()
    with (folder / "complaints.txt").open("w+", encoding="utf-8") as complaints:
        done = subprocess.run(
            program, check=False, stdout=subprocess.PIPE, stderr=complaints, text=True,
            cwd=folder, env=environment(1),
        )  # fmt: skip
        seconds = time.perf_counter() - began
        complaints.seek(0)
        said = done.stdout + complaints.read()
    if done.returncode != 0:
        raise ContestantFailedError(f"exit code {done.returncode}: {said[-_SHOWN:].strip()}")
    return seconds, done.stdout


def _with_record(folder: Path, seconds: float, printed: str) -> Ran:
    return Ran(folder, seconds, Record.from_json(printed.splitlines()[-1]))
