"""What a trainer tells its watcher: one frozen record an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Header:
    """The first line: the version of the format."""

    name: ClassVar[str] = "header"
    version: int
    time: float = 0.0


@dataclass(frozen=True)
class Preparing:
    """How far the work before the first step is: ``done`` of ``total`` files."""

    name: ClassVar[str] = "preparing"
    what: str
    done: int
    total: int
    time: float = 0.0


@dataclass(frozen=True)
class Started:
    """A process began to train: at ``step`` (0, or the checkpoint's when ``resumed``)."""

    name: ClassVar[str] = "started"
    step: int
    steps: int
    resumed: bool
    pid: int
    hparams: Mapping[str, Any]
    versions: Mapping[str, str]
    n_parameters: int
    n_training: int
    n_held_out: int
    baseline_mel_l1: float
    """L1 on the held-out set of the per-bin mean of the training mels."""
    time: float = 0.0


@dataclass(frozen=True)
class Step:
    """One optimiser step: weighted loss, its terms (METRICS), gradient norm before clipping."""

    name: ClassVar[str] = "step"
    step: int
    metrics: Mapping[str, float]
    skipped: bool = False
    """The loss scaler found the gradient too large for fp16: nothing was changed."""
    time: float = 0.0


@dataclass(frozen=True)
class Evaluation:
    """One validation: every score of METRICS, and the files that show it (relative paths)."""

    name: ClassVar[str] = "evaluation"
    step: int
    metrics: Mapping[str, float]
    alignment_png: str
    sample_wav: str
    best: bool
    seconds: float
    time: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint was written (relative path)."""

    name: ClassVar[str] = "checkpoint"
    step: int
    path: str
    time: float = 0.0


@dataclass(frozen=True)
class Gradient:
    """The gradient norm passed a threshold; said again only after it was calm for a while."""

    name: ClassVar[str] = "gradient"
    step: int
    level: str
    """``warning`` or ``critical``."""
    norm: float
    threshold: float
    time: float = 0.0


@dataclass(frozen=True)
class LearningRateAdapted:
    """The learning-rate adapter acts: effective rate = schedule(step) times ``factor``."""

    name: ClassVar[str] = "learning_rate_adapted"
    step: int
    factor: float
    cause: str
    """``plateau``, ``instability``, ``rescue`` or ``recovery``."""
    time: float = 0.0


@dataclass(frozen=True)
class Rescued:
    """At ``step`` training went back to the last good checkpoint, at ``to_step``."""

    name: ClassVar[str] = "rescued"
    step: int
    to_step: int
    cause: str
    """``non_finite`` or ``gradient_explosion``."""
    restarts: int
    """In a row, this one included."""
    factor: float
    """Of the learning rate, from here on."""
    time: float = 0.0


@dataclass(frozen=True)
class DebugReport:
    """A folder that shows what went wrong was written (relative path)."""

    name: ClassVar[str] = "debug_report"
    step: int
    cause: str
    path: str
    time: float = 0.0


@dataclass(frozen=True)
class Diverged:
    """Not finite, or exploded ``max_restarts`` times in a row: the trainer leaves."""

    name: ClassVar[str] = "diverged"
    step: int
    quantity: str
    value: float
    time: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """What a run costs here, measured: seconds a step, an evaluation and the start; memory."""

    name: ClassVar[str] = "estimate"
    seconds_per_step: float
    seconds_per_evaluation: float
    seconds_to_start: float
    memory_mb: float = 0.0
    """Peak of the process that measured; 0: unknown."""
    gpu_memory_mb: float = 0.0
    """Peak of its GPU; 0: none."""
    time: float = 0.0


@dataclass(frozen=True)
class Warned:
    """Something a person should know that stops nothing."""

    name: ClassVar[str] = "warning"
    step: int
    message: str
    time: float = 0.0


@dataclass(frozen=True)
class Ended:
    """The last line of a process that could still write: its exit code by name, and why."""

    name: ClassVar[str] = "ended"
    exit: str
    message: str
    time: float = 0.0


Event = (
    Header
    | Preparing
    | Started
    | Step
    | Evaluation
    | Checkpoint
    | Gradient
    | LearningRateAdapted
    | Rescued
    | DebugReport
    | Diverged
    | Estimate
    | Warned
    | Ended
)
