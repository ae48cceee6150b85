"""What of a study's events is worth an alert: pure functions of what storage has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.assessment import Assessment
from storage.bot_outbox import key_of
from storage.records import AttemptRecord, EventRecord, TrialRecord, TrialState

SEVERITIES = ("info", "warning", "critical")
"""From the lightest."""
MOST_RESTARTS = 3
"""More of them are alarming."""
KINDS = ("gradient", "evaluation", "rescued", "started", "ended")
"""The events that alerts are made of."""
_FAILURES = {"crashed", "stalled", "lost", "out_of_memory"}
_OVERALL = "alignment.overall_score"


@dataclass(frozen=True)
class Alert:
    """Something that people want to know at once."""

    kind: str
    severity: str
    key: str
    """The same for the same alert."""
    number: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


def at_least(severity: str, wanted: str) -> bool:
    """Whether ``severity`` is as grave as ``wanted``, or graver."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(wanted)


def event_alerts(
    event: EventRecord, trial: TrialRecord, attempts: Sequence[AttemptRecord], rescues: int
) -> Iterator[Alert]:
    """The alerts of one event.

    Args:
        event: of the trial.
        trial: as it is now.
        attempts: its trainers so far.
        rescues: how often it was rescued, this event included.
    """
    study, number = event.study, trial.number
    match event.kind:
        case "gradient" if event.payload.get("level") == "critical":
            facts = {"step": event.step, "norm": event.payload.get("norm"),
                     "threshold": event.payload.get("threshold")}  # fmt: skip
            yield Alert("gradient", "critical", key_of("gradient", study, number), number, facts)
        case "evaluation" if _is_unaligned(trial):
            facts = {"step": event.step, "overall": event.payload.get(_OVERALL)}
            yield Alert("alignment", "critical", key_of("alignment", study, number), number, facts)
        case "rescued":
            key = key_of("rescued", study, event.id)
            facts = {"step": event.step, **event.payload}
            yield Alert("rescued", "warning", key, number, facts)
            yield from _many(study, number, rescues, attempts)
        case "started" if (cause := _cause(event, attempts)) in _FAILURES:
            key = key_of("restarted", study, event.id)
            facts = {"attempt": event.payload.get("attempt"), "cause": cause}
            yield Alert("restarted", "warning", key, number, facts)
            yield from _many(study, number, rescues, attempts)
        case "ended":
            yield from _ending(event, trial)


def _is_unaligned(trial: TrialRecord) -> bool:
    """As the controller has judged it: the grace period is over, and the score is too low."""
    if trial.assessment is None:
        return False
    flags = Assessment.from_json(trial.assessment).flags
    return any(flag.code == "alignment_critical" for flag in flags)


def _cause(event: EventRecord, attempts: Sequence[AttemptRecord]) -> str | None:
    """How the attempt before this one ended."""
    number = int(event.payload.get("attempt") or 1)
    return next((one.cause for one in attempts if one.attempt == number - 1), None)


def _many(
    study: str, number: int, rescues: int, attempts: Sequence[AttemptRecord]
) -> Iterator[Alert]:
    restarts = rescues + sum(one.cause in _FAILURES for one in attempts)
    if restarts > MOST_RESTARTS:
        key = key_of("restarts", study, number)
        yield Alert("restarts", "critical", key, number, {"restarts": restarts})


def _ending(event: EventRecord, trial: TrialRecord) -> Iterator[Alert]:
    state, severities = event.payload.get("state"), {"pruned": "info", "failed": "warning"}
    if state in severities:
        facts = {k: v for k, v in event.payload.items() if k not in ("state", "reason")}
        payload = {
            "state": state,
            "reason": event.payload.get("reason"),
            "step": event.step,
            "value": trial.value,
            "evidence": facts,
        }
        key = key_of("ended", event.study, trial.number, state)
        yield Alert("ended", severities[state], key, trial.number, payload)


def best_alerts(trial: TrialRecord, before: float | None) -> Iterator[Alert]:
    """A new best trial: its numbers and picture, then its voice."""
    key = ("best", trial.study, trial.number)
    payload = {
        "value": trial.value,
        "values": list(trial.values) if trial.values else None,
        "before": before,
        "step": trial.step,
        "picture": trial.alignment_png,
        "run_dir": trial.run_dir,
        "sound": trial.sample_wav,
    }
    yield Alert("best", "info", key_of(*key), trial.number, payload)
    if trial.sample_wav:
        yield Alert("best_voice", "info", key_of(*key, "voice"), trial.number, payload)


def is_better(trial: TrialRecord, best: float | None, direction: str) -> bool:
    """Whether a trial that has just completed beats the best one so far."""
    if trial.state is not TrialState.COMPLETE or trial.value is None:
        return False
    if best is None:
        return True
    return trial.value > best if direction == "maximize" else trial.value < best
