"""What the commands that look at a study take, beside the start of the interpreter alone.

Further cases of studies belong here: each a list of contestants, and a line in
:mod:`benchmarks.cases`.
"""

import resource
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.big_study import Size, make_big_study
from benchmarks.child import command, environment
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant

READERS = ("status", "status --json", "trials", "trials --json", "best", "best --json")
_FLOOR = command("-c", "pass")


def size(*, quick: bool) -> Size:
    """How big the study is."""
    return Size(50, 5) if quick else Size()


def readers(setting: Setting) -> list[Contestant]:
    """Each command as a process of its own, and as many interpreters that do nothing."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    url = make_big_study(folder / "study.db", size(quick=setting.quick))

    def read(part: str) -> float:
        program = command("-m", "smart_tuner.cli", *part.split(), "--storage", url)
        return _taken(program, setting)

    def floor(part: str) -> float:
        return _taken(_FLOOR, setting)

    return [
        Contestant(OURS, True, lambda: {part: read(part) for part in READERS}),
        Contestant("python -c pass", False, lambda: {part: floor(part) for part in READERS}),
    ]


def _taken(program: list[str], setting: Setting) -> float:
    """Seconds that a process took, by the setting's clock."""
    start, before = time.perf_counter(), _cpu_of_children()
    subprocess.run(
        program, check=True, stdout=subprocess.DEVNULL, cwd=setting.folder,
        env=environment(setting.threads),
    )  # fmt: skip
    wall = time.perf_counter() - start
    return _cpu_of_children() - before if setting.clock.kind == "CPU" else wall


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
