"""What a finished trial leaves in the memory of a process that goes on: many trials of no length.

Each process looks at its own memory twice, after some trials and after many; what it has grown by
is shared among the trials between.
"""

import tempfile
from pathlib import Path

from benchmarks.controllers.contestants import BARE, Ran, fresh_folder, run_bare, run_ours
from benchmarks.controllers.task import Task
from benchmarks.recordings import make_recordings
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts

PARTS = ("finished trial",)


def task(*, quick: bool) -> Task:
    """What is to be run."""
    first, last = (4, 24) if quick else (200, 1200)
    return Task(last, 4, 0.0, marks=(first, last))


def rememberers(setting: Setting) -> list[Contestant]:
    """Ours and the bare loop."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    corpus, given = make_recordings(folder / "corpus"), task(quick=setting.quick)

    def ours() -> Parts:
        return _growth(run_ours(given, fresh_folder(folder), corpus))

    def bare() -> Parts:
        return _growth(run_bare(given, fresh_folder(folder)))

    return [Contestant(OURS, True, ours), Contestant(BARE, False, bare)]


def _growth(ran: Ran) -> Parts:
    """Bytes a trial."""
    (first, before), (last, after) = sorted(ran.record.memory.items())
    return dict.fromkeys(PARTS, (after - before) / (last - first))
