"""A study of many trials, in the database of one that ran for months: to see what readers take.

Rows are inserted in bulk, of the kinds and sizes that a study's controller writes: for each trial
five hyperparameters and its reports in Optuna's tables; its row, an attempt, its start, its
evaluations and its end in ours.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import optuna
from sqlalchemy import Engine, MetaData, Table, insert

from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyRecord, StudyState, TrialRole, TrialState
from storage.studies import Studies
from storage.tables import AttemptRow, EventRow, TrialRow

NAME = "big"
_CHUNK = 20_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_STEPS_A_REPORT = 50
_SPACE = {
    "learning_rate": (1e-3, 2e-2), "guide_loss_weight": (0.3, 3.0), "guide_g": (0.2, 0.4),
    "grad_clip_thresh": (0.3, 3.0), "encoder_dropout": (0.0, 0.3),
}  # fmt: skip
_METRICS = (
    "quality", "validation.loss", "validation.mel_l1", "mcd", "alignment.overall_score",
    "alignment.diagonal_score", "alignment.monotonic_score", "alignment.focus_score",
    "alignment.coverage_score", "gate.early_rate", "gate.missed_rate", "gate.stop_error_median_ms",
    "gate.stop_error_p90_ms", "free_run.success_rate", "free_run.retrieval_rate",
    "free_run.max_steps_rate", "free_run.length_ratio", "system.memory_mb",
)  # fmt: skip
"""What an evaluation tells."""
_ENDS = (
    (TrialState.COMPLETE, None), (TrialState.COMPLETE, None), (TrialState.PRUNED, "pruner"),
    (TrialState.PRUNED, "never_aligned"), (TrialState.FAILED, "crashed"),
)  # fmt: skip
_OPTUNAS = {TrialState.COMPLETE: "COMPLETE", TrialState.PRUNED: "PRUNED", TrialState.FAILED: "FAIL"}


@dataclass(frozen=True)
class Size:
    """How big a study is."""

    trials: int = 10_000
    reports: int = 100
    """Of each trial."""

    @property
    def steps(self) -> int:
        """Of each trial."""
        return self.reports * _STEPS_A_REPORT

    @property
    def title(self) -> str:
        """As it stands in a row."""
        return f"{self.trials:,} trials × {self.reports} reports"


def make_big_study(file: Path, size: Size) -> str:
    """Make the SQLite database ``file`` with one stopped study; return its URL."""
    url = f"sqlite:///{file}"
    with open_database(url) as database:
        _make_studies(database)
        metadata = MetaData()
        metadata.reflect(database.engine)
        for table, rows in _ours(size):
            _insert(database.engine, table, rows)
        for name, rows in _optunas(size):
            _insert(database.engine, metadata.tables[name], rows)
    return url


def _make_studies(database: Database) -> None:
    Studies(database).create(
        StudyRecord(
            name=NAME,
            state=StudyState.STOPPED,
            identity={"direction": "maximize"},
            created_at=_BEGAN,
        )
    )
    storage = optuna_storage(database)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.create_study(study_name=NAME, storage=storage, direction="maximize")
    close_optuna_storage(storage)


def _insert(engine: Engine, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    while chunk := list(islice(rows, _CHUNK)):
        with engine.begin() as connection:
            connection.execute(insert(table), chunk)


def _ours(size: Size) -> Iterable[tuple[Table, Iterator[dict[str, Any]]]]:
    numbers = range(size.trials)
    yield _table(TrialRow), (_trial(number, size) for number in numbers)
    yield _table(AttemptRow), (_attempt(number, size) for number in numbers)
    yield _table(EventRow), (event for number in numbers for event in _events(number, size))


def _optunas(size: Size) -> Iterable[tuple[str, Iterator[dict[str, Any]]]]:
    numbers = range(size.trials)
    yield "trials", (_optunas_trial(number) for number in numbers)
    yield "trial_params", (row for number in numbers for row in _optunas_params(number))
    yield "trial_values", (row for number in numbers for row in _optunas_values(number))
    yield (
        "trial_intermediate_values",
        (row for number in numbers for row in _optunas_reports(number, size)),
    )


def _trial(number: int, size: Size) -> dict[str, Any]:
    state, reason = _end(number)
    run_dir, step = f"/data/runs/{NAME}/{number}", size.steps
    return {
        "study": NAME,
        "number": number,
        "role": TrialRole.PROBE if number % 1000 == 7 else TrialRole.TRIAL,
        "state": state,
        "reason": reason,
        "evidence": {"value": _value(number), "threshold": 0.5, "step": step} if reason else {},
        "value": _value(number),
        "values": None,
        "step": step,
        "params": _params(number),
        "metrics": _metrics(_value(number)),
        "run_dir": run_dir,
        "checkpoint": f"{run_dir}/checkpoints/best.pt",
        "alignment_png": f"{run_dir}/samples/alignment_{step:07d}.png",
        "sample_wav": f"{run_dir}/samples/sample_{step:07d}.wav",
        "exit_code": 0,
        "status": "STABLE",
        "assessment": {"level": "STABLE", "flags": [], "checklist": [], "recommendations": []},
        "started_at": _at(number, 0.0),
        "ended_at": _at(number, 1.0),
    }


def _attempt(number: int, size: Size) -> dict[str, Any]:
    return {
        "study": NAME, "number": number, "attempt": 1, "controller": "0" * 32, "host": "host",
        "pid": 1000 + number, "process_started_at": _at(number, 0.0).timestamp(), "slot": "gpu 0",
        "gpus": 1, "overrides": {}, "events_offset": 0, "first_step": 1,
        "last_step": size.steps, "began_at": _at(number, 0.0),
        "seen_at": _at(number, 1.0), "ended_at": _at(number, 1.0), "exit_code": 0,
        "cause": "finished",
    }  # fmt: skip


def _events(number: int, size: Size) -> Iterator[dict[str, Any]]:
    common, value = {"study": NAME, "number": number}, _value(number)
    yield {**common, "at": _at(number, 0.0), "kind": "started", "step": None, "payload": {}}
    for report in range(size.reports):
        yield {
            **common,
            "at": _at(number, (report + 1) / size.reports),
            "kind": "evaluation",
            "step": (report + 1) * _STEPS_A_REPORT,
            "payload": _metrics(value * _share(report, size)),
        }
    payload = {"state": _end(number)[0].value}
    ended = {"kind": "ended", "step": size.steps, "payload": payload}
    yield {**common, "at": _at(number, 1.0), **ended}


def _optunas_trial(number: int) -> dict[str, Any]:
    return {
        "trial_id": number + 1,
        "number": number,
        "study_id": 1,
        "state": _OPTUNAS[_end(number)[0]],
        "datetime_start": _at(number, 0.0).replace(tzinfo=None),
        "datetime_complete": _at(number, 1.0).replace(tzinfo=None),
    }


def _optunas_params(number: int) -> Iterator[dict[str, Any]]:
    for name, value in _params(number).items():
        low, high = _SPACE[name]
        attributes = {"low": low, "high": high, "step": None, "log": False}
        yield {
            "trial_id": number + 1,
            "param_name": name,
            "param_value": value,
            "distribution_json": json.dumps(
                {"name": "FloatDistribution", "attributes": attributes}
            ),
        }


def _optunas_values(number: int) -> Iterator[dict[str, Any]]:
    if _end(number)[0] is not TrialState.FAILED:
        yield {"trial_id": number + 1, "objective": 0, "value": _value(number),
               "value_type": "FINITE"}  # fmt: skip


def _optunas_reports(number: int, size: Size) -> Iterator[dict[str, Any]]:
    value = _value(number)
    for report in range(size.reports):
        yield {
            "trial_id": number + 1,
            "step": (report + 1) * _STEPS_A_REPORT,
            "intermediate_value": value * _share(report, size),
            "intermediate_value_type": "FINITE",
        }


def _end(number: int) -> tuple[TrialState, str | None]:
    return _ENDS[number % len(_ENDS)]


def _value(number: int) -> float:
    return Random(number).random()


def _params(number: int) -> dict[str, float]:
    random = Random(number)
    return {name: random.uniform(*bounds) for name, bounds in _SPACE.items()}


def _metrics(value: float) -> dict[str, float]:
    return {name: value / (i + 1) for i, name in enumerate(_METRICS)}


def _share(report: int, size: Size) -> float:
    """Of its final value, that a trial has reached."""
    return 1 - math.exp(-5 * (report + 1) / size.reports)


def _at(number: int, share: float) -> datetime:
    """A moment in the hour of a trial."""
    return _BEGAN + timedelta(hours=number + share)


def _table(row: Any) -> Table:
    table = row.__table__
    assert isinstance(table, Table)
    return table
