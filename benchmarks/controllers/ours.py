"""Our controller runs a task, as a study: ``python -m benchmarks.controllers.ours TASK CORPUS``."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console

from benchmarks.controllers.record import Record
from benchmarks.controllers.task import SPACE, STEPS_A_REPORT, Task
from smart_tuner.config import StudyConfig, load_config
from smart_tuner.exit_codes import TunerExit
from smart_tuner.main import SmartTunerMain
from smart_tuner.search.proposals import Proposals

SAID = Path("said.txt")
"""What the controller says to people."""


def configuration(task: Task, corpus: Path) -> StudyConfig:
    """The study."""
    ranges = {n: {"type": "float", "low": a, "high": b} for n, (a, b) in SPACE.items()}
    sections: dict[str, Any] = {
        "corpus": str(corpus),
        "study": {"name": task.study, "trials": task.there + task.trials, "jobs": task.slots},
        "trainer": {"preset": "demo", "steps": task.steps, "evaluate_every": STEPS_A_REPORT},
        "space": ranges,
        "sampler": {"kind": "random"},
        "pruner": {"kind": "median", "n_warmup_steps": 0},
        "health": {"never_aligned": False},
        "sinks": {"mlflow": False},
        "storage": {"url": task.url},
    }
    return load_config(None, sections, environ={})


def _main() -> int:
    task, corpus = Task.from_json(sys.argv[1]), Path(sys.argv[2])
    config, record = configuration(task, corpus), Record()
    with SAID.open("a", encoding="utf-8") as said, _noted(record, task):
        console = Console(file=said, width=120, emoji=False)
        code = SmartTunerMain(config, console, task.trainer).run()
    print(record.to_json())
    return 0 if code is TunerExit.FINISHED else 1


@contextmanager
def _noted(record: Record, task: Task) -> Iterator[None]:
    """Time the controller's reports, and count the trials that it has told of to the end."""
    report: Callable[..., bool] = Proposals.report
    teach: Callable[..., None] = Proposals.teach

    def timed(*arguments: Any) -> bool:
        with record.report():
            return report(*arguments)

    def counted(*arguments: Any) -> None:
        teach(*arguments)
        record.trial_ended(task.marks)

    with patch.object(Proposals, "report", timed), patch.object(Proposals, "teach", counted):
        yield


if __name__ == "__main__":
    sys.exit(_main())
