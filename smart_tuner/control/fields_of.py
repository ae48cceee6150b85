"""What becomes of a trial's run in the rows of our tables: pure functions of what was seen."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from smart_tuner.config.sections import Objective
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.health import Assessment
from smart_tuner.search.objectives import objective_values
from storage.records import ProgressRecord, TrialRecord
from storage.trials import TrialFields
from trainer import events
from trainer.paths import RunPaths

RESTARTS = "restarts"
LEARNING_RATE_EFFECTIVE = "learning_rate_effective"
GRADIENT_NORM = "gradient.norm"
GOES_ON: TrialFields = {
    "reason": None,
    "evidence": {},
    "exit_code": None,
    "status": None,
    "assessment": None,
    "ended_at": None,
}
"""Of a trial that goes on: what its last end has left is true no more."""


def best(run: TrialRun, event: events.Evaluation, objectives: Sequence[Objective]) -> TrialFields:
    """What a trial is worth by its best evaluation; the first objective is its value."""
    root = run.process.paths.root
    values = objective_values(event.metrics, objectives)
    return {
        "value": values[0],
        "values": values if len(values) > 1 else None,
        "metrics": {**event.metrics, **_last_step_metrics(run), **rescue_metrics(run)},
        "checkpoint": str(run.process.paths.best_checkpoint.resolve()),
        "alignment_png": _absolute(root, event.alignment_png),
        "sample_wav": _absolute(root, event.sample_wav),
    }


def progress(study: str, run: TrialRun) -> ProgressRecord:
    """The newest numbers of a running trial."""
    seen = run.seen
    metrics = run.last_evaluation.metrics if run.last_evaluation else {}
    return ProgressRecord(
        study=study,
        number=run.number,
        step=seen.step,
        steps=seen.steps or None,
        loss=seen.loss,
        gradient_norm=seen.gradient_norm,
        diagonal_score=metrics.get("alignment.diagonal_score"),
        quality=metrics.get("quality"),
        steps_per_second=seen.steps_per_second,
    )


def going_on(record: TrialRecord, source: TrialRecord, paths: RunPaths) -> TrialRecord:
    """A trial that goes on from another's best checkpoint is as good as that one to begin with."""
    return replace(
        record,
        step=source.step,
        value=source.value,
        values=source.values,
        metrics=source.metrics,
        checkpoint=str(paths.best_checkpoint.resolve()),
        alignment_png=source.alignment_png,
        sample_wav=source.sample_wav,
    )


def scores(run: TrialRun, event: events.Evaluation) -> dict[str, float]:
    """An evaluation's, and the highest gradient norm since the one before."""
    seen = run.history.evaluations[-1]
    norm = seen.highest_norm if seen.step == event.step else None
    return {**event.metrics, **({} if norm is None else {GRADIENT_NORM: norm})}


def assessed(assessment: Assessment) -> TrialFields:
    """How a trial stands."""
    return {"status": assessment.level, "assessment": assessment.to_json()}


def _last_step_metrics(run: TrialRun) -> dict[str, float]:
    """``train.loss`` and ``gradient.norm`` at the evaluation's step."""
    named = {"train.loss": run.seen.loss, GRADIENT_NORM: run.seen.gradient_norm}
    return {name: value for name, value in named.items() if value is not None}


def rescue_metrics(run: TrialRun) -> dict[str, float]:
    """How often a trial was rescued, and the learning rate that this led to."""
    history = run.history
    if not history.rescue or history.effective_learning_rate is None:
        return {}
    return {
        RESTARTS: history.restarts.total,
        LEARNING_RATE_EFFECTIVE: history.effective_learning_rate,
    }


def _absolute(root: Path, relative: str) -> str | None:
    """None for what the trainer could not write, on a full disk for instance."""
    return str((root / relative).resolve()) if relative else None


def existing(path: str | None) -> str | None:
    """``path``, where there is such a file: an evaluation is told before its checkpoint is made."""
    return path if path is not None and Path(path).exists() else None
