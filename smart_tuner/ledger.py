"""What the controller writes to our tables about a study's trials."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from smart_tuner.config.sections import Objective
from smart_tuner.health import Reason
from smart_tuner.health.status import level_of
from smart_tuner.objectives import objective_values
from smart_tuner.outcome import Outcome
from smart_tuner.proposals import Proposal
from smart_tuner.trial_run import TrialRun
from storage.clock import utc_now
from storage.database import Database
from storage.events import Events
from storage.progress import Progress
from storage.records import EventRecord, ProgressRecord, TrialRecord, TrialState
from storage.trials import TrialFields, Trials
from trainer import events
from trainer.paths import RunPaths

RESTARTS = "restarts"
LEARNING_RATE_EFFECTIVE = "learning_rate_effective"
_RUNNING_AGAIN: TrialFields = {
    "state": TrialState.RUNNING,
    "reason": None,
    "evidence": {},
    "exit_code": None,
    "status": None,
    "ended_at": None,
}


class Ledger:
    """One study's trials, evaluations, decisions and progress."""

    def __init__(self, database: Database, study: str, objectives: Sequence[Objective]) -> None:
        self._study = study
        self._objectives = objectives
        self._trials = Trials(database)
        self._events = Events(database)
        self._progress = Progress(database)

    def trials(self) -> list[TrialRecord]:
        """All trials, by number."""
        return self._trials.list_of(self._study)

    def trial(self, number: int) -> TrialRecord | None:
        """One trial; ``None`` before it began."""
        return self._trials.get(self._study, number)

    def begin(self, proposal: Proposal, paths: RunPaths, pid: int) -> None:
        """A trial starts, or goes on."""
        if self.trial(proposal.number) is None:
            self._trials.insert(
                TrialRecord(
                    study=self._study,
                    number=proposal.number,
                    role=proposal.role,
                    params=proposal.params,
                    run_dir=str(paths.root.resolve()),
                    pid=pid,
                    started_at=utc_now(),
                )
            )
        else:
            self._update(proposal.number, **_RUNNING_AGAIN, pid=pid)
        self.note("started", proposal.number, None, {"pid": pid, "role": proposal.role.value})

    def refused(self, proposal: Proposal, message: str) -> TrialRecord:
        """A trial never starts: its hyperparameters don't go together."""
        now = utc_now()
        record = TrialRecord(
            study=self._study,
            number=proposal.number,
            role=proposal.role,
            params=proposal.params,
            state=TrialState.FAILED,
            reason=Reason.BAD_INPUT,
            evidence={"message": message},
            started_at=now,
            ended_at=now,
        )
        self._trials.insert(record)
        self._note_end(record)
        return record

    def evaluated(self, run: TrialRun, event: events.Evaluation) -> None:
        """Keep an evaluation."""
        self.note(event.name, run.number, event.step, dict(event.metrics))
        self._update(run.number, step=event.step)

    def best(self, run: TrialRun, event: events.Evaluation) -> None:
        """Keep what the trial is best at so far: what its best checkpoint holds."""
        self._update(run.number, **self._best_fields(run, event))

    def kept_events(self, number: int, kinds: Iterable[str]) -> list[EventRecord]:
        """What is kept of a trial, in the order of writing."""
        return self._events.list_of(self._study, number, kinds)

    def ended(
        self, run: TrialRun, outcome: Outcome, exit_code: int, grace_steps: int
    ) -> TrialRecord:
        """Keep what became of a trial; how it stands now."""
        before = self._trials.get(self._study, run.number)
        assert before is not None
        self._update(
            run.number,
            metrics={**before.metrics, **_rescue_metrics(run)},
            checkpoint=_existing(before.checkpoint) if outcome.state.ended else before.checkpoint,
            state=outcome.state,
            reason=outcome.reason,
            evidence=outcome.evidence,
            step=run.verdict.step if run.verdict else run.seen.step,
            exit_code=exit_code,
            pid=None,
            status=level_of(run.history, grace_steps, outcome.reason),
            ended_at=utc_now(),
        )
        self._progress.clear(self._study, run.number)
        record = self._trials.get(self._study, run.number)
        assert record is not None
        self._note_end(record)
        return record

    def tidy(self, number: int, paths: RunPaths, *, only_last: bool) -> None:
        """Of a trial that has ended the best and the last checkpoint are kept, or the last."""
        last, best = paths.last_checkpoint, paths.best_checkpoint
        for path in paths.checkpoints.glob("*.pt"):
            if path != last and (only_last or path != best):
                path.unlink()
        if only_last:
            self._update(number, checkpoint=str(last.resolve()))

    def progress(self, runs: Iterable[TrialRun]) -> None:
        """Keep the newest numbers of the running trials."""
        self._progress.upsert(*(self._progress_of(run) for run in runs))

    def clear_progress(self) -> None:
        """Forget what a controller before this one left."""
        self._progress.clear(self._study)

    def note(
        self, kind: str, number: int | None, step: int | None, payload: dict[str, object]
    ) -> None:
        """Keep one event."""
        self._events.append(
            [EventRecord(study=self._study, kind=kind, number=number, step=step, payload=payload)]
        )

    def _note_end(self, record: TrialRecord) -> None:
        payload = {"state": record.state.value, "reason": record.reason, **record.evidence}
        self.note("ended", record.number, record.step, payload)

    def _best_fields(self, run: TrialRun, event: events.Evaluation) -> TrialFields:
        root = run.process.paths.root
        values = objective_values(event.metrics, self._objectives)
        return {
            "value": values[0],
            "values": values if len(values) > 1 else None,
            "metrics": {**event.metrics, **_last_step_metrics(run), **_rescue_metrics(run)},
            "checkpoint": str(run.process.paths.best_checkpoint.resolve()),
            "alignment_png": _absolute(root, event.alignment_png),
            "sample_wav": _absolute(root, event.sample_wav),
        }

    def _progress_of(self, run: TrialRun) -> ProgressRecord:
        seen = run.seen
        metrics = run.last_evaluation.metrics if run.last_evaluation else {}
        return ProgressRecord(
            study=self._study,
            number=run.number,
            step=seen.step,
            steps=seen.steps or None,
            loss=seen.loss,
            gradient_norm=seen.gradient_norm,
            diagonal_score=metrics.get("alignment.diagonal_score"),
            quality=metrics.get("quality"),
            steps_per_second=seen.steps_per_second,
        )

    def _update(self, number: int, **fields: object) -> None:
        self._trials.update(self._study, number, **fields)  # type: ignore[arg-type]


def _last_step_metrics(run: TrialRun) -> dict[str, float]:
    """``train.loss`` and ``gradient.norm`` at the evaluation's step."""
    named = {"train.loss": run.seen.loss, "gradient.norm": run.seen.gradient_norm}
    return {name: value for name, value in named.items() if value is not None}


def _rescue_metrics(run: TrialRun) -> dict[str, float]:
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


def _existing(path: str | None) -> str | None:
    """``path``, where there is such a file: an evaluation is told before its checkpoint is made."""
    return path if path is not None and Path(path).exists() else None
