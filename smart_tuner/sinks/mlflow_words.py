"""What MLflow is told of studies, trials and events, in its own terms: parameters, tags, states."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from storage.records import StudyRecord, StudyState, StudyStatus, TrialRecord, TrialState
from trainer.events import (
    DebugReport,
    Diverged,
    Ended,
    Evaluation,
    Event,
    Gradient,
    LearningRateAdapted,
    Rescued,
    Started,
    Warned,
)

_PREFIX = "smart_tuner"
_LONGEST_TAG = 1000
_LONGEST_PARAM = 6000
_TOLD = (
    Started, Gradient, LearningRateAdapted, Rescued, DebugReport, Diverged, Warned, Ended,
)  # fmt: skip
_UNSAID = {"hparams", "versions", "time", "metrics", "pid"}
"""Of an event: told elsewhere, or of no use to people."""
_ENDS = {
    TrialState.COMPLETE: "FINISHED",
    TrialState.PRUNED: "KILLED",
    TrialState.FAILED: "FAILED",
}
_STUDY_STATES = {StudyState.FINISHED: "FINISHED", StudyState.CONTROLLER_LOST: "FAILED"}


def state_of_trial(state: TrialState) -> str:
    """MLflow's word: one that waits is ``SCHEDULED``."""
    return _ENDS.get(state, "RUNNING" if state.active else "SCHEDULED")


def state_of_study(state: StudyState) -> str:
    """MLflow's word: a study that stopped can go on."""
    if state in _STUDY_STATES:
        return _STUDY_STATES[state]
    return "SCHEDULED" if state in (StudyState.STOPPED, StudyState.PAUSED) else "RUNNING"


def trial_params(hparams: Path) -> dict[str, str]:
    """Every hyperparameter of a trial, from its ``hparams.yaml``."""
    values = yaml.safe_load(hparams.read_text(encoding="utf-8"))
    return {name: _text(value, _LONGEST_PARAM) for name, value in values.items()}


def study_params(study: StudyRecord) -> dict[str, str]:
    """The study's settings by dotted names, and what it is: ``space`` and the like as JSON."""
    config = {name: value for name, value in study.config.items() if name != "mlflow"}
    values = dict(_flat({**config, "corpus_sha256": study.identity.get("corpus")}))
    return {name: _text(value, _LONGEST_PARAM) for name, value in values.items()}


def trial_tags(trial: TrialRecord) -> dict[str, str]:
    """How a trial stands."""
    values = {
        "study": trial.study,
        "trial": trial.number,
        "role": trial.role.value,
        "state": trial.state.value,
        "reason": trial.reason,
        "evidence": dict(trial.evidence) or None,
        "value": list(trial.values) if trial.values else trial.value,
        "status": trial.status,
        "searched": dict(trial.params) or None,
    }
    return _tags(values)


def study_tags(study: StudyRecord, status: StudyStatus) -> dict[str, str]:
    """How a study stands."""
    counts = ", ".join(
        f"{n} {name}" for name, n in asdict(status.counts).items() if n
    )  # fmt: skip
    best = status.best and f"trial {status.best.number}: {status.best.value:.6g}"
    values = {
        "study": study.name,
        "state": status.state.value,
        "trials": counts or None,
        "best": best,
        "status": status.level.value,
    }
    return _tags(values)


def count_events(counts: dict[str, int], last: dict[str, str], event: Event) -> None:
    """Take an event into account: how many of its kind there were, and what the last one said."""
    if isinstance(event, _TOLD):
        counts[event.name] = counts.get(event.name, 0) + 1
        fields = {k: v for k, v in asdict(event).items() if k not in _UNSAID and v not in ("", ())}
        last[event.name] = " ".join(f"{name}={_text(value)}" for name, value in fields.items())


def event_tags(counts: Mapping[str, int], last: Mapping[str, str]) -> dict[str, str]:
    """Two tags a kind of event."""
    tags = {f"event.{kind}": _cut(words) for kind, words in last.items()}
    return tags | {f"event.{kind}.count": str(n) for kind, n in counts.items()}


def files_of(event: Event, root: Path) -> Iterator[tuple[Path, str]]:
    """What an event names in a run directory, and the folder it has there; only what exists."""
    names: list[str] = []
    if isinstance(event, Evaluation):
        names = [event.alignment_png, event.sample_wav]
    elif isinstance(event, DebugReport):
        names = [event.path]
    for name in names:
        path = root / name
        inside = name and path.resolve().is_relative_to(root.resolve())
        if inside and path.exists():
            yield path, Path(name).parent.as_posix()


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value and not prefix and name != "space":
            yield from _flat(value, f"{name}.")
        else:
            yield f"{prefix}{name}", value


def _tags(values: Mapping[str, Any]) -> dict[str, str]:
    """What is not known yet, or no more, is told as empty: a tag of before must not stay."""
    return {
        f"{_PREFIX}.{name}": "" if value is None else _cut(_text(value))
        for name, value in values.items()
    }


def _text(value: Any, longest: int = _LONGEST_TAG) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _cut(text, longest)


def _cut(text: str, longest: int = _LONGEST_TAG) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
