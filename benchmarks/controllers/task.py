"""What every contestant is to do: so many trials at once, each of so many reports."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

STUB = Path(__file__).with_name("stub.py")
STEPS_A_REPORT = 50
SPACE = {
    "learning_rate": (1e-3, 2e-2), "guide_loss_weight": (0.3, 3.0), "guide_g": (0.2, 0.4),
    "grad_clip_thresh": (0.3, 3.0), "encoder_dropout": (0.0, 0.3),
}  # fmt: skip
"""The hyperparameters that are searched: names of the trainer's, evenly between two bounds."""


@dataclass(frozen=True)
class Task:
    """Of one process, in a working directory of its own: run directories lie in ``runs``."""

    trials: int
    slots: int
    """Trials at once."""
    seconds: float
    """Of each trial."""
    reports: int = 1
    """Of each trial, evenly over its time."""
    there: int = 0
    """Trials that the study has already."""
    study: str = "stubs"
    url: str = "sqlite:///study.db"
    tuned: bool = False
    """A bare loop with the engine options that ours has."""
    judged: bool = False
    """A bare loop that asks its pruner after each report."""
    marks: tuple[int, ...] = ()
    """After so many ended trials its memory is looked at."""

    @property
    def steps(self) -> int:
        """The length of a trial."""
        return self.reports * STEPS_A_REPORT

    @property
    def trainer(self) -> tuple[str, ...]:
        """The command that takes a trainer's options; quick to start."""
        return (sys.executable, "-I", "-S", str(STUB), "--seconds", str(self.seconds))

    def to_json(self) -> str:
        """As it is told to a process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What :meth:`to_json` told."""
        fields = json.loads(text)
        return cls(**{**fields, "marks": tuple(fields["marks"])})
