"""What storage hands out: frozen records, never rows of the ORM.

Times are UTC and time zone aware. A non-finite float in a float field is stored as ``None``; inside
mappings (``evidence``, ``metrics``, ``payload`` ...) it survives as it is.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.clock import utc_now
from storage.json_values import finite
from storage.levels import Level, gravest
from storage.study_level import StudyReason


class StudyState(StrEnum):
    """What a study is doing; ``controller_lost`` is only ever read, never stored."""

    RUNNING = "running"
    PAUSING = "pausing"
    """Asked to pause: the trainers are leaving with checkpoints."""
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    CONTROLLER_LOST = "controller_lost"

    @property
    def controlled(self) -> bool:
        """Whether a controller should be there."""
        return self not in (StudyState.STOPPED, StudyState.FINISHED)


class TrialState(StrEnum):
    """Where a trial is in its life (:mod:`storage.lifecycle` says what may follow what)."""

    QUEUED = "queued"
    """Asked for, and not started."""
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    """Asked to leave with a checkpoint."""
    PAUSED = "paused"
    """Left with a checkpoint; goes on from it."""
    RESUMING = "resuming"
    PRUNED = "pruned"
    COMPLETE = "complete"
    FAILED = "failed"
    LOST = "lost"
    """Its trainer is gone, and didn't say why; goes on from its last checkpoint."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of the trial."""
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)

    @property
    def waiting(self) -> bool:
        """Whether the trial waits to be started, or to go on."""
        return self in (TrialState.QUEUED, TrialState.PAUSED, TrialState.LOST)

    @property
    def active(self) -> bool:
        """Whether the trial has a trainer, or is about to."""
        return not (self.ended or self.waiting)


ACTIVE_STATES = tuple(state for state in TrialState if state.active)
ENDED_STATES = tuple(state for state in TrialState if state.ended)


LISTED_FIELDS = ("number", "role", "state", "reason", "value", "step", "params")
"""What a listing says of a trial."""


class TrialRole(StrEnum):
    """Why a trial runs."""

    TRIAL = "trial"
    """To find the best."""
    PROBE = "probe"
    """To show the pruning at work."""
    FINISH = "finish"
    """To go on with the best one, for the last share of a budget."""


class CommandState(StrEnum):
    """What came of a command."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    """No controller was there to obey."""


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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was changed by commands while it ran: ``trials``, ``jobs``, ``timeout``, ``budget``."""
    asking: str | None = None
    """The controller that is asking for a trial: one at a time (:mod:`storage.turns`)."""
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, kw_only=True)
class ControllerRecord:
    """A process that runs a study, perhaps beside others."""

    id: str
    study: str
    host: str
    pid: int
    process_started_at: float
    """When the process began, Unix seconds: with host and pid it names one process."""
    slots: int = 1
    """How many trials it runs at once."""
    eta_seconds: float | None = None
    """How long it will still take, by its own reckoning."""
    entered_at: datetime = field(default_factory=utc_now)
    heartbeat_at: datetime = field(default_factory=utc_now)
    left_at: datetime | None = None
    """When it said that it leaves; ``None`` while it runs, and of one that was killed."""


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
    controller: str | None = None
    """Whose it is: the id of the controller that runs it; ``None`` where nobody does."""
    status: str | None = None
    """How it stands: ``STABLE``, ``NEEDS ATTENTION`` or ``CRITICAL``; ``None`` before it began."""
    assessment: Mapping[str, Any] | None = None
    """Why it stands so: flags, checklist and recommendations, as codes."""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields of ``smart-tuner trials --json``; non-finite floats as null."""
        return {name: finite(getattr(self, name)) for name in LISTED_FIELDS}


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """One trainer process of a trial: where it ran, how far it came, how it ended."""

    study: str
    number: int
    attempt: int
    """Counted from 1."""
    controller: str
    host: str
    pid: int | None = None
    process_started_at: float | None = None
    """Unix seconds."""
    slot: str = ""
    gpus: int = 0
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Hyperparameters that this attempt had to change: ``micro_batch_size``."""
    events_offset: int = 0
    """Bytes of ``events.jsonl`` that are of earlier attempts."""
    first_step: int | None = None
    last_step: int | None = None
    checkpoint: str | None = None
    """What the next attempt goes on from."""
    began_at: datetime = field(default_factory=utc_now)
    seen_at: datetime = field(default_factory=utc_now)
    """When its controller last saw it run."""
    ended_at: datetime | None = None
    exit_code: int | None = None
    """Negative: killed by that signal; ``None`` where nobody was there to see."""
    cause: str | None = None
    """Why it ended: ``finished``, ``pruned``, or a reason such as ``stopped``, ``crashed``."""

    @property
    def seconds(self) -> float:
        """How long it ran, as far as is known."""
        return max(0.0, ((self.ended_at or self.seen_at) - self.began_at).total_seconds())


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
    source: str
    """From where: ``cli on HOST``, ``telegram``, ``dashboard``."""
    requested_at: datetime
    state: CommandState
    answered_at: datetime | None
    answer: str | None


@dataclass(frozen=True, kw_only=True)
class TrialCounts:
    """How many trials of a study are in which state, probes among them."""

    running: int = 0
    """With a trainer, or about to have one: starting, running, pausing, resuming."""
    queued: int = 0
    paused: int = 0
    lost: int = 0
    complete: int = 0
    pruned: int = 0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class BestTrial:
    """The best complete trial so far (never a probe)."""

    number: int
    value: float


@dataclass(frozen=True, kw_only=True)
class BudgetUse:
    """What a study may cost, and has cost, in trainer hours times their GPUs."""

    hours: float
    spent_hours: float


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
    reasons: tuple[StudyReason, ...] = ()
    """What makes the level, the gravest first."""
    controllers: int = 0
    """How many run it now."""
    budget: BudgetUse | None = None
    """``None``: it has no limit."""

    @property
    def level(self) -> Level:
        """That of the gravest reason."""
        return gravest(reason.level for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """The fields of ``smart-tuner status --json``; non-finite floats as null."""
        counts = ("running", "complete", "pruned", "failed", "queued", "paused", "lost")
        best = self.best
        return {
            "study": self.study,
            "state": self.state.value,
            "counts": {name: getattr(self.counts, name) for name in counts},
            "best": best and {"number": best.number, "value": finite(best.value)},
            "running": [progress.to_json() for progress in self.running],
            "eta_seconds": finite(self.eta_seconds),
            "level": self.level.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "controllers": self.controllers,
            "budget": None if self.budget is None else asdict(self.budget),
        }
