"""The report as a table for spreadsheets: one row a trial."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

from dashboards.assessment import assessment_of
from dashboards.evidence import evidence_of
from dashboards.report.material import Material, read_material
from storage.database import Database
from storage.records import TrialRecord

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIRST = ("number", "role", "state", "reason", "status", "step")
_COST = ("attempts", "steps_trained", "seconds", "started_at", "ended_at")
_WHY = ("flags", "evidence", "cause", "message")


def csv_report(database: Database, study: str, made_by: str) -> str:
    """The trials of ``study`` as comma-separated values with a line of names; UTF-8.

    ``made_by`` is not in it: a table has no place for it. What is not known is empty. A text that
    a spreadsheet would take for a formula begins with an apostrophe.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    material = read_material(database, study)
    params = _names([list(trial.params) for trial in material.trials])
    metrics = _names([list(trial.metrics) for trial in material.trials])
    objectives = material.summary.objectives
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        [*_FIRST, *(f"objective.{name}" for name in objectives), *_COST, *_WHY]
        + [_cell(f"params.{name}") for name in params]
        + [_cell(f"metrics.{name}") for name in metrics]
    )
    for trial in material.trials:
        row = [
            *(getattr(trial, name) for name in _FIRST),
            *_values(trial, len(objectives)),
            *_cost(trial, material),
            *_why(trial),
            *(trial.params.get(name) for name in params),
            *(trial.metrics.get(name) for name in metrics),
        ]
        writer.writerow(map(_cell, row))
    return file.getvalue()


def _names(of_each: Sequence[Sequence[str]]) -> list[str]:
    """All of them, in the order of their first appearance."""
    return list(dict.fromkeys(name for names in of_each for name in names))


def _values(trial: TrialRecord, n: int) -> list[float | None]:
    """One an objective; of several that are not known none is."""
    values: list[float | None] = list(trial.values or [trial.value])
    return (values + [None] * n)[:n]


def _cost(trial: TrialRecord, material: Material) -> tuple[Any, ...]:
    cost = material.cost(trial)
    times = (at and at.isoformat() for at in (trial.started_at, trial.ended_at))
    return (cost.attempts, cost.steps, round(cost.seconds, 3), *times)


def _why(trial: TrialRecord) -> tuple[str, ...]:
    assessment = assessment_of(trial)
    flags = " ".join(flag.code for flag in assessment.flags) if assessment else ""
    return (flags, *evidence_of(trial.evidence))


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
