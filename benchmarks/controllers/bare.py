"""A plain loop over Optuna's ask and tell that runs a task: what many a study is run by.

``python -m benchmarks.controllers.bare TASK``. It keeps to Optuna's public interface, starts
trainers with ``subprocess``, reads what they append to their events, and looks at all of them each
10 ms. It survives nothing.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import RandomSampler
from optuna.storages import RDBStorage
from sqlalchemy import make_url

from benchmarks.controllers.record import Record
from benchmarks.controllers.task import SPACE, STEPS_A_REPORT, Task
from storage.engine import engine_options

_POLL_S = 0.01


@dataclass
class _Run:
    """A trial whose trainer runs."""

    trial: optuna.Trial
    process: subprocess.Popen[bytes]
    events: TextIO
    value: float | None = None


class BareLoop:
    """Asks, starts, reads, reports, tells."""

    def __init__(self, task: Task) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.record = Record()
        self._task = task
        self._study = optuna.create_study(
            study_name=task.study,
            storage=_storage(task),
            sampler=RandomSampler(seed=1),
            pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=0),
            direction="maximize",
            load_if_exists=True,
        )
        self._running: list[_Run] = []

    def run(self) -> None:
        """Run the task to its end."""
        asked = 0
        while asked < self._task.trials or self._running:
            while asked < self._task.trials and len(self._running) < self._task.slots:
                self._running.append(self._start())
                asked += 1
            self._running = [run for run in self._running if self._goes_on(run)]
            time.sleep(_POLL_S)

    def _start(self) -> _Run:
        trial = self._study.ask()
        params = {name: trial.suggest_float(name, *bounds) for name, bounds in SPACE.items()}
        folder = Path("runs", self._task.study, str(trial.number))
        folder.mkdir(parents=True)
        hparams, events = folder / "hparams.yaml", folder / "events.jsonl"
        lines = [f"{name}: {value}\n" for name, value in params.items()]
        hparams.write_text("".join(lines), encoding="utf-8")
        events.touch()
        process = subprocess.Popen([
            *self._task.trainer, "train", "--run-dir", str(folder),
            "--hparams-file", str(hparams), "--steps", str(self._task.steps),
            "--evaluate-every", str(STEPS_A_REPORT),
        ])  # fmt: skip
        return _Run(trial, process, events.open(encoding="utf-8"))

    def _goes_on(self, run: _Run) -> bool:
        """Read what is new; tell the end of a trial whose trainer has ended."""
        ended = run.process.poll() is not None
        for line in run.events:
            if '"evaluation"' in line:
                self._report(run, json.loads(line))
        if ended:
            run.events.close()
            self._study.tell(run.trial, run.value)
            self.record.trial_ended(self._task.marks)
        return not ended

    def _report(self, run: _Run, event: dict[str, Any]) -> None:
        run.value = event["metrics"]["quality"]
        with self.record.report():
            run.trial.report(run.value, event["step"])
            pruned = self._task.judged and run.trial.should_prune()
        assert not pruned, "the trainers' values are such that none is pruned"


def _storage(task: Task) -> RDBStorage | str:
    if not task.tuned:
        return task.url
    return RDBStorage(task.url, engine_kwargs=engine_options(make_url(task.url)))


if __name__ == "__main__":
    loop = BareLoop(Task.from_json(sys.argv[1]))
    loop.run()
    print(loop.record.to_json())
