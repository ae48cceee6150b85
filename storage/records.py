"""What storage hands out: frozen records, never rows of the ORM.

Times are UTC and time zone aware. A non-finite float in a float field is stored as ``None``; inside
mappings (``evidence``, ``metrics``, ``payload`` ...) it survives as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.clock import utc_now
from storage.json_values import finite


class StudyState(StrEnum):
    """What a study is doing; ``controller_lost`` is only ever read, never stored."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    CONTROLLER_LOST = "controller_lost"


class TrialState(StrEnum):
    """What became of a trial; a ``stopped`` one left a checkpoint and goes on at the next start."""

    RUNNING = "running"
    STOPPED = "stopped"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of the trial."""
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)


class TrialRole(StrEnum):
    """Why a trial runs: to find the best, or (``probe``) to show the pruning at work."""

    TRIAL = "trial"
    PROBE = "probe"


class CommandState(StrEnum):
    """What the controller made of a command."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """A study: what it is (``identity``), how it was asked for (``config``), who runs it."""

    name: str
    state: StudyState = StudyState.RUNNING
    identity: Mapping[str, Any] = field(default_factory=dict)
    """What must not change while it goes on; ``direction`` is ``maximize`` or ``minimize``, a
    list of them for several objectives."""
    config: Mapping[str, Any] = field(default_factory=dict)
    trials_target: int | None = None
    """How many trials are wanted, probes not counted; ``None`` without a limit."""
    eta_seconds: float | None = None
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    controller_host: str | None = None
    controller_pid: int | None = None
    controller_started_at: float | None = None
    """When the controller's process began, Unix seconds: with the pid it names one process."""
    heartbeat_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A trial: what it tried, how far it came, how it ended and where its files are."""

    study: str
    number: int
    role: TrialRole = TrialRole.TRIAL
    state: TrialState = TrialState.RUNNING
    reason: str | None = None
    """Why it was pruned, failed or stopped: ``gradient_explosion``, ``never_aligned`` ..."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The values that decided."""
    value: float | None = None
    values: tuple[float, ...] | None = None
    """One value an objective, in a study of several."""
    step: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    run_dir: str | None = None
    checkpoint: str | None = None
    alignment_png: str | None = None
    sample_wav: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    status: str | None = None
    """How it stands: ``STABLE``, ``NEEDS ATTENTION`` or ``CRITICAL``; ``None`` before it ended."""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields of ``smart-tuner trials --json``; non-finite floats as null."""
        names = ("number", "role", "state", "reason", "value", "step", "params")
        return {name: finite(getattr(self, name)) for name in names}


@dataclass(frozen=True, kw_only=True)
class EventRecord:
    """Something that happened in a study, or in one trial of it."""

    study: str
    kind: str
    number: int | None = None
    step: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=utc_now)
    id: int | None = None
    """Given by the database; ascending in the order of writing."""


@dataclass(frozen=True, kw_only=True)
class ProgressRecord:
    """How far a running trial is, at its newest step and its newest evaluation."""

    study: str
    number: int
    step: int = 0
    steps: int | None = None
    loss: float | None = None
    gradient_norm: float | None = None
    diagonal_score: float | None = None
    quality: float | None = None
    steps_per_second: float | None = None
    updated_at: datetime = field(default_factory=utc_now)

    def to_json(self) -> dict[str, Any]:
        """One element of ``running`` in ``smart-tuner status --json``."""
        names = ("number", "step", "loss", "gradient_norm", "diagonal_score")
        return {name: finite(getattr(self, name)) for name in names}


@dataclass(frozen=True, kw_only=True)
class CommandRecord:
    """A wish of somebody outside, which the controller reads and answers."""

    id: int
    study: str
    kind: str
    number: int | None
    arguments: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    state: CommandState
    answered_at: datetime | None
    answer: str | None


@dataclass(frozen=True, kw_only=True)
class TrialCounts:
    """How many trials of a study are in which state, probes among them."""

    running: int = 0
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    stopped: int = 0


@dataclass(frozen=True, kw_only=True)
class BestTrial:
    """The best complete trial so far (never a probe)."""

    number: int
    value: float


@dataclass(frozen=True, kw_only=True)
class StudyStatus:
    """One reading of a study, the same for the command line, dashboards and bots."""

    study: str
    state: StudyState
    counts: TrialCounts
    best: BestTrial | None
    """``None`` before the first complete trial, and in a study of several objectives."""
    running: tuple[ProgressRecord, ...]
    """Every running trial, ascending; one that has not reported yet stands at step 0."""
    eta_seconds: float | None
    trials_target: int | None
    trials_ended: int
    """Complete, pruned and failed trials, probes not counted: compares with the target."""
    heartbeat_age_seconds: float | None
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The fields of ``smart-tuner status --json``; non-finite floats as null."""
        counts = ("running", "complete", "pruned", "failed")
        best = self.best
        return {
            "study": self.study,
            "state": self.state.value,
            "counts": {name: getattr(self.counts, name) for name in counts},
            "best": best and {"number": best.number, "value": finite(best.value)},
            "running": [progress.to_json() for progress in self.running],
            "eta_seconds": finite(self.eta_seconds),
        }
