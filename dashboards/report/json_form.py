"""The report for programs."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboards.objectives import directions_of
from dashboards.report.failures import Failures
from dashboards.report.material import Material, read_material
from storage.database import Database
from storage.json_values import finite
from storage.records import TrialRecord

_TRIAL_FIELDS = (
    "number", "role", "state", "reason", "evidence", "value", "values", "step", "status", "params",
    "metrics", "exit_code",
)  # fmt: skip
_BEST_FIELDS = ("number", "value", "values", "step", "params", "metrics", "status")
_FILES = ("checkpoint", "alignment_png", "sample_wav")
_SEARCHED = ("preset", "language", "corpus", "steps", "hparams", "space", "rescue", "warm_start")


def json_report(database: Database, study: str, made_by: str) -> str:
    """The report as JSON: the fields of ``docs/report.md``, non-finite floats as null.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    content = finite(_content(read_material(database, study), made_by))
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _content(material: Material, made_by: str) -> dict[str, Any]:
    summary, study = material.summary, material.summary.study
    status = summary.status.to_json()
    return {
        "study": study.name,
        "made_by": made_by,
        "made_at": _moment(material.made_at),
        **{name: status[name] for name in ("state", "level", "reasons", "counts", "budget")},
        "began_at": _moment(material.began_at),
        "last_ended_at": _moment(material.last_at),
        "objectives": [
            {"name": name, "direction": direction}
            for name, direction in zip(summary.objectives, directions_of(study), strict=True)
        ],
        "searched": {name: study.identity.get(name) for name in _SEARCHED}
        | {name: study.config.get(name) for name in ("sampler", "pruner")},
        "best": _best(summary.best),
        "pareto": [trial.number for trial in summary.front],
        "importance": material.importance,
        "ended_early": [_failures(group) for group in material.failures],
        "failed_attempts": [
            {"cause": one.cause, "attempts": one.attempts, "trials": one.numbers,
             "seconds": one.seconds}
            for one in material.failed_attempts
        ],
        "cost": _cost(material),
        "trials": [_trial(trial, material) for trial in material.trials],
    }  # fmt: skip


def _best(trial: TrialRecord | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    return {name: getattr(trial, name) for name in (*_BEST_FIELDS, *_FILES)}


def _failures(group: Failures) -> dict[str, Any]:
    return {
        "reason": group.reason,
        "trials": [trial.number for trial in group.trials],
        "steps_saved": group.steps_saved,
        "hours_saved": group.seconds_saved / 3600.0,
    }


def _cost(material: Material) -> Mapping[str, float]:
    summary = material.summary
    return {
        "steps": summary.steps,
        "trainer_hours": summary.seconds / 3600.0,
        "attempts": sum(cost.attempts for cost in summary.costs.values()),
        "steps_saved": summary.steps_saved,
        "hours_saved": summary.seconds_saved / 3600.0,
    }


def _trial(trial: TrialRecord, material: Material) -> dict[str, Any]:
    judged = trial.assessment or {}
    cost = material.cost(trial)
    return (
        {name: getattr(trial, name) for name in _TRIAL_FIELDS}
        | {name: judged.get(name, []) for name in ("flags", "recommendations")}
        | {"attempts": cost.attempts, "steps_trained": cost.steps, "seconds": cost.seconds}
        | {"started_at": _moment(trial.started_at), "ended_at": _moment(trial.ended_at)}
    )


def _moment(at: datetime | None) -> str | None:
    """ISO 8601, UTC."""
    return None if at is None else at.isoformat()
