"""What a finished trial leaves in memory."""

from pathlib import Path

from benchmarks.controllers import leftovers
from benchmarks.controllers.contestants import Ran
from benchmarks.controllers.record import Record


def test_growth_is_shared_among_the_trials_between(tmp_path: Path) -> None:
    ran = Ran(tmp_path, 1.0, Record([], {200: 50_000_000, 1200: 54_000_000}, 1200))
    assert leftovers._growth(ran) == {"finished trial": 4000.0}


def test_memory_is_looked_at_after_some_trials_and_at_the_end() -> None:
    for quick in (True, False):
        task = leftovers.task(quick=quick)
        first, last = task.marks
        assert first < last == task.trials
