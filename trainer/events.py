"""The event vocabulary: what a trainer tells its watcher, one flushed JSON line an event.

Standard library only: the trainer writes with this module and the controller reads with it.
Non-finite floats, which JSON lacks, travel as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"``. The format is documented in ``docs/events.md``.
"""

import errno
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Self

VERSION = 2
"""The first line of every file is ``{"event": "header", "version": VERSION, ...}``."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


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
    """What a run costs here, measured: seconds a step, an evaluation and the start."""

    name: ClassVar[str] = "estimate"
    seconds_per_step: float
    seconds_per_evaluation: float
    seconds_to_start: float
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
_KINDS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        Header, Preparing, Started, Step, Evaluation, Checkpoint, Gradient, LearningRateAdapted,
        Rescued, DebugReport, Diverged, Estimate, Warned, Ended,
    )
}  # fmt: skip


class EventFormatError(ValueError):
    """A line that this version of the format does not explain."""


def encode(event: Event) -> str:
    """One line, without its newline."""
    return json.dumps(
        {"event": event.name, **_finite(asdict(event))}, ensure_ascii=False, allow_nan=False
    )


def decode(line: str) -> Event:
    """The event of one line; unknown fields of a later version are passed over."""
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise EventFormatError(f"not JSON: {line[:80]!r}") from error
    kind = _KINDS.get(str(data.get("event"))) if isinstance(data, dict) else None
    if kind is None:
        raise EventFormatError(f"no known event: {line[:80]!r}")
    # Text is taken as it is: only a number can be one of the non-finite strings.
    known = {field.name: _as_is if field.type is str else _restored for field in fields(kind)}
    try:
        event: Event = kind(**{k: known[k](v) for k, v in data.items() if k in known})
    except TypeError as error:
        raise EventFormatError(f"incomplete {kind.name} event: {error}") from error
    if isinstance(event, Header) and event.version not in range(1, VERSION + 1):
        raise EventFormatError(f"events of version {event.version}; this reads up to {VERSION}")
    return event


class EventWriter:
    """Appends events to a file, each flushed, so that a kill loses at most half a line.

    Where the disk is full, events wait in memory and are written, in order, once there is room.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_half_line(path)
        self._path = path
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._waiting = b""
        if path.stat().st_size == 0:
            self.write(Header(version=VERSION))

    def write(self, event: Event) -> None:
        """Append ``event``, stamped with the present time (Unix seconds)."""
        stamped = type(event)(**{**_shallow(event), "time": round(time.time(), 3)})
        self._waiting += encode(stamped).encode("utf-8") + b"\n"
        self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                written = self._file.write(self._waiting) or 0
                self._waiting = self._waiting[written:]
        except OSError as error:
            if error.errno not in _FULL:
                raise

    @property
    def is_behind(self) -> bool:
        """Whether events still wait for room on the disk."""
        return bool(self._waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class EventReader:
    """Reads what was appended since the last :meth:`poll`: whole lines only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def poll(self) -> list[Event]:
        """The new events, in order; none where the file does not exist yet."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        # Not splitlines(): text may hold U+2028 and the like, which are no ends of lines here.
        return [decode(line) for line in whole.decode("utf-8").split("\n") if line.strip()]


def _drop_half_line(path: Path) -> None:
    """Cut what a killed writer left after the last newline."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        with path.open("r+b") as file:
            file.truncate(whole)


def _shallow(event: Event) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in fields(event)}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _as_is(value: Any) -> Any:
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return value
