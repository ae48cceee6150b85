"""Trainings start fast: a study starts one for each trial."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FIRST_STEP = """
import sys
import trainer.cli
from trainer.arguments import run_parser
from trainer.paths import RunPaths
from trainer.ranks import Ranks
from trainer.setup import build_training
from trainer.stop import StopRequest

arguments = run_parser().parse_args(sys.argv[1:])
paths = RunPaths(arguments.run_dir)
paths.root.mkdir()
stop = StopRequest(paths.lease, 0.0)
training = build_training(arguments, paths, Ranks.join("cpu"), lambda event: None, stop)
training.state.capture("en", training.dataset.scale)
result = training.stepper.run(next(training.loader.batches(0)), 1e-3)
heavy = {
    "librosa", "matplotlib", "mlflow", "numba", "scipy", "sympy", "torch._dynamo",
    "trainer.components", "trainer.debug_report.pictures", "trainer.export", "trainer.synthesis",
}
print(result.norm > 0, sorted(heavy & set(sys.modules)))
"""

COMMAND = """
import sys
from trainer.cli import main
code = main([sys.argv[1], "--help"])
"""


def test_the_first_step_needs_nothing_heavy(
    tmp_path: Path, trainer_command: Callable[..., list[str]]
) -> None:
    command = trainer_command(tmp_path / "run")
    options = command[command.index("trainer") + 1 :]
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEP, *options], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["True []"], done.stderr


@pytest.mark.parametrize("command", ["components", "synthesize", "export", "estimate", "train"])
def test_every_command_is_found(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")
