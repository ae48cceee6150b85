"""The trainer of no weight says what a trainer says."""

import subprocess
from pathlib import Path

from benchmarks.controllers.task import STEPS_A_REPORT, Task
from smart_tuner.components import CRITICAL, MLFLOW_LOGGER, assemble
from smart_tuner.config import load_config
from trainer import events
from trainer.paths import RunPaths


def test_its_events_are_a_trainers(tmp_path: Path) -> None:
    task = Task(1, 1, 0.2, reports=2)
    subprocess.run(
        [*task.trainer, "train", "--run-dir", str(tmp_path), "--steps", str(task.steps),
         "--evaluate-every", str(STEPS_A_REPORT)], check=True,
    )  # fmt: skip
    said = events.EventReader(RunPaths(tmp_path).events).poll()
    assert [event.name for event in said] == [
        "header", "started", "step", "evaluation", "step", "evaluation", "ended",
    ]  # fmt: skip
    evaluations = [event for event in said if isinstance(event, events.Evaluation)]
    assert [event.step for event in evaluations] == [50, 100]
    assert 0.2 <= said[-1].time - said[0].time < 1.0


def test_it_has_the_components_that_a_study_asks_for() -> None:
    config = load_config(None, {"study": {"name": "stubs"}}, environ={})
    made = [component.name for component in assemble(config, Task(1, 1, 0.0).trainer)]
    assert made == [*CRITICAL, MLFLOW_LOGGER]
