"""A study to be disturbed: small, and with every kind of end that a trial may come to."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import smart_tuner

NAME = "soak"
EVALUATE_EVERY = 6
"""Steps between two checkpoints."""
PROBES: list[dict[str, Any]] = [{"learning_rate": 0.3}]
SECTIONS: dict[str, Any] = {
    "trainer": {
        "preset": "demo",
        "steps": 30,
        "evaluate_every": EVALUATE_EVERY,
        "hparams": {"batch_size": 4},
    },
    # Up to 1e-4 nothing aligns, from 0.1 on it explodes, above 1 it runs out of memory.
    "space": {
        "learning_rate": {"type": "float", "low": 5e-5, "high": 2.0, "log": True},
        "guide_g": {"type": "float", "low": 0.2, "high": 0.4},
    },
    "sampler": {"kind": "tpe", "n_startup_trials": 3},
    "pruner": {"kind": "median", "n_startup_trials": 4, "n_warmup_steps": 6},
    "health": {"grace_steps": 2 * EVALUATE_EVERY},
    "probes": PROBES,
    "sinks": {"mlflow": False},
}
ROOT = Path(smart_tuner.__file__).parents[1]
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Study:
    """Where it is, and how it is run."""

    folder: Path
    """The working directory, with the corpus ``speech``; nobody else's."""
    url: str
    seed: int = 1
    trials: int = 6
    controllers: int = 1
    jobs: int = 1
    """Trials at once, of each controller."""
    seconds_per_step: float = 0.0
    frailty: int = 0
    """Of 100 trainers so many die at a file."""
    is_long: bool = False
    """Whether there is time for faults of half a minute."""

    @property
    def runs(self) -> Path:
        """The folder of the run directories."""
        return self.folder / "runs" / NAME

    @property
    def is_sqlite(self) -> bool:
        """Whether its database is a file."""
        return self.url.startswith("sqlite")

    def command(self, planned: tuple[str, int] | None = None) -> list[str]:
        """The command line of a controller; ``planned``: what shall befall it (sabotage)."""
        study = {
            "name": NAME,
            "trials": self.trials,
            "jobs": self.jobs,
            "seed": self.seed,
            "max_retries": 100,
        }
        sections = {
            **SECTIONS,
            "study": study,
            "storage": {"url": self.url},
            "corpus": str(self.folder / "speech"),
        }
        trainer = [
            sys.executable, str(_HERE / "frail_trainer.py"), str(self.seed), str(self.frailty),
            "--seconds-per-step", str(self.seconds_per_step),
        ]  # fmt: skip
        arguments = (json.dumps(argument) for argument in (sections, trainer, planned))
        return [sys.executable, str(_HERE / "controller_process.py"), *arguments]

    @property
    def doctor(self) -> list[str]:
        """The command line of a doctor."""
        program = "from smart_tuner.cli import main; main()"
        return [sys.executable, "-c", program, "doctor", NAME, "--storage", self.url]

    def trainers(self) -> list[psutil.Process]:
        """The trainers that run, the measurement of the cost among them."""
        return [process for process in psutil.process_iter() if self._is_trainer(process)]

    def _is_trainer(self, process: psutil.Process) -> bool:
        try:
            words = process.cmdline()
            return "--run-dir" in words and Path(process.cwd()) == self.folder
        except psutil.Error:  # it has ended meanwhile
            return False


def each_number(study: Study) -> Iterator[tuple[int, Path]]:
    """The trials that have a run directory."""
    for folder in study.runs.glob("[0-9]*"):
        yield int(folder.name), folder
