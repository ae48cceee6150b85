"""Our record of a trial that Optuna alone knows."""

from datetime import UTC, datetime
from pathlib import Path

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from smart_tuner.control.fields_of import LEARNING_RATE_EFFECTIVE, RESTARTS
from storage.records import TrialRecord, TrialRole, TrialState
from trainer.paths import RunPaths

_STATES = {
    OptunaState.RUNNING: TrialState.QUEUED,
    OptunaState.COMPLETE: TrialState.COMPLETE,
    OptunaState.PRUNED: TrialState.PRUNED,
    OptunaState.FAIL: TrialState.FAILED,
}


def rebuilt(study: str, trial: FrozenTrial, run_dir: Path) -> TrialRecord:
    """What Optuna and the run directory tell of a trial; its scores are lost.

    Args:
        study: its name.
        trial: a controller asked for it to the end.
        run_dir: where its files would be.
    """
    role, state = TrialRole(trial.user_attrs["role"]), _STATES[trial.state]
    values = trial.values if state is TrialState.COMPLETE else None
    known = run_dir.is_dir() or not state.ended
    return TrialRecord(
        study=study,
        number=trial.number,
        role=role,
        state=state,
        reason=trial.user_attrs.get("reason"),
        evidence={"message": "rebuilt from what Optuna knew"} if state.ended else {},
        value=values[0] if values else None,
        values=tuple(values) if values and len(values) > 1 else None,
        step=trial.last_step,
        params=trial.params if role is TrialRole.TRIAL else trial.user_attrs["params"],
        metrics=_rescues(trial),
        run_dir=str(run_dir) if known else None,
        checkpoint=_checkpoint(RunPaths(run_dir)) if state.ended else None,
        started_at=_moment(trial.datetime_start),
        ended_at=_moment(trial.datetime_complete),
    )


def _rescues(trial: FrozenTrial) -> dict[str, float]:
    names = (RESTARTS, LEARNING_RATE_EFFECTIVE)
    return {name: trial.user_attrs[name] for name in names if name in trial.user_attrs}


def _checkpoint(paths: RunPaths) -> str | None:
    """Of a pruned trial only the last one was kept."""
    there = (path for path in (paths.best_checkpoint, paths.last_checkpoint) if path.exists())
    return next(map(str, there), None)


def _moment(at: datetime | None) -> datetime | None:
    """Optuna's are naive, in the local time zone."""
    return None if at is None else at.astimezone(UTC)
