"""Whether anybody is ever told that SQLite's file is locked: 8 trials at once that report fast.

Two controllers share the study, as many processes as write to one file here; a third process reads
its status all the time, as ``smart-tuner status`` does.
"""

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.child import command, environment
from benchmarks.controllers.contestants import ContestantFailedError, fresh_folder
from benchmarks.controllers.ours import SAID
from benchmarks.controllers.task import Task
from benchmarks.recordings import make_recordings
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts
from storage.database import open_existing
from storage.status import read
from storage.studies import Studies

PARTS = ("a reading of the status",)
_AT_REST = "the same study at rest"
_N_AT_REST = 50
_COMPLAINTS = ("locked", "is away")


@dataclass(frozen=True)
class Busy:
    """What was seen of a study while it ran."""

    folder: Path
    reading_seconds: tuple[float, ...]
    """Of each reading of its status."""


def task(*, quick: bool) -> Task:
    """What each of the controllers is to run, so to speak: the study is both's."""
    return Task(8, 4, 0.4, 10) if quick else Task(64, 4, 4.0, 80)


def title(*, quick: bool) -> str:
    """Of the row."""
    return f"{{part}} while {2 * task(quick=quick).slots} trials report, SQLite"


def readers(setting: Setting) -> list[Contestant]:
    """The study while it runs, and then at rest."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    corpus, given = make_recordings(folder / "corpus"), task(quick=setting.quick)
    last: list[Busy] = []

    def busy() -> Parts:
        last[:] = [run_busily(given, fresh_folder(folder), corpus, n_controllers=2)]
        return dict.fromkeys(PARTS, median(last[0].reading_seconds))

    def at_rest() -> Parts:
        seen = last or [run_busily(given, fresh_folder(folder), corpus, n_controllers=2)]
        readings = [_reading(seen[0].folder, given) for _ in range(_N_AT_REST)]
        return dict.fromkeys(PARTS, median(readings))

    return [Contestant(OURS, True, busy), Contestant(_AT_REST, False, at_rest)]


def run_busily(given: Task, folder: Path, corpus: Path, *, n_controllers: int) -> Busy:
    """Run a study by several controllers, and read its status until they have left.

    Raises:
        ContestantFailedError: a controller or a reader met a locked database, or failed.
    """
    with (folder / "complaints.txt").open("w+", encoding="utf-8") as complaints:
        program = command("-m", "benchmarks.controllers.ours", given.to_json(), str(corpus))
        controllers = [
            subprocess.Popen(
                program, stdout=subprocess.DEVNULL, stderr=complaints, cwd=folder,
                env=environment(1),
            )
            for _ in range(n_controllers)
        ]  # fmt: skip
        try:
            readings = _read_until_they_leave(controllers, folder, given)
        finally:
            for controller in controllers:
                controller.terminate()
                controller.wait()
        complaints.seek(0)
        said = complaints.read()
    said += (folder / SAID).read_text(encoding="utf-8")
    require_unharmed([controller.returncode for controller in controllers], said)
    return Busy(folder, tuple(readings))


def require_unharmed(codes: list[int], said: str) -> None:
    """``ContestantFailedError`` where a controller failed, or said that the file was locked."""
    if any(codes) or any(word in said for word in _COMPLAINTS):
        raise ContestantFailedError(f"exit codes {codes}: {said}")


def _read_until_they_leave(
    controllers: list[subprocess.Popen[bytes]], folder: Path, given: Task
) -> list[float]:
    readings: list[float] = []
    while any(controller.poll() is None for controller in controllers):
        if readings or _has_begun(folder, given):
            readings.append(_reading(folder, given))
        else:
            time.sleep(0.05)
    return readings


def _reading(folder: Path, given: Task) -> float:
    """Seconds of one reading, the opening of the database included."""
    began = time.perf_counter()
    with open_existing(_url(folder)) as database:
        read(database, given.study)
    return time.perf_counter() - began


def _has_begun(folder: Path, given: Task) -> bool:
    if not (folder / "study.db").exists():
        return False
    with open_existing(_url(folder)) as database:
        return Studies(database).get(given.study) is not None


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/study.db"
