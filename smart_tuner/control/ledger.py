"""What the controller writes to our tables about a study's trials."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from smart_tuner.config.sections import Objective
from smart_tuner.control import fields_of
from smart_tuner.control.outcome import RETRIED, Outcome
from smart_tuner.control.trial_run import Attempt, TrialRun
from smart_tuner.health import Assessment, Reason
from smart_tuner.resources.slots import Slot
from smart_tuner.search.proposals import Proposal
from storage.attempts import Attempts
from storage.clock import utc_now
from storage.controller_process import ControllerProcess
from storage.database import Database
from storage.events import Events
from storage.lifecycle import predecessors
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    EventRecord,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.trials import TrialFields, Trials
from trainer import events
from trainer.paths import RunPaths

PRUNE_REQUESTED = "prune_requested"


class NotOursError(Exception):
    """Another controller has taken the trial over: this one has nothing to say of it any more."""


class Ledger:
    """One study's trials, attempts, evaluations, decisions and progress.

    Args:
        database: where they are kept.
        study: its name.
        objectives: the first one is a trial's value.
        controller: who writes; it changes no trial that is another's.
        process: the same as a process.
    """

    def __init__(
        self,
        database: Database,
        study: str,
        objectives: Sequence[Objective],
        controller: str,
        process: ControllerProcess,
    ) -> None:
        self._database, self._study, self._objectives = database, study, objectives
        self._controller, self._process = controller, process
        self._trials = Trials(database)
        self._attempts = Attempts(database)
        self._events = Events(database)
        self._progress = Progress(database)

    def trial(self, number: int) -> TrialRecord | None:
        """One trial; ``None`` before it was asked for."""
        return self._trials.get(self._study, number)

    def unfinished(self) -> list[TrialRecord]:
        """The trials that have not ended, whoever runs them, by number."""
        return self._trials.unfinished(self._study)

    def held(self) -> set[int]:
        """The numbers of those of them that are this controller's."""
        return self._trials.held_by(self._study, self._controller)

    def n_trials(self) -> int:
        """How many trials were asked for; probes and the finish are none."""
        return self._trials.count(self._study, TrialRole.TRIAL)

    def of_role(self, role: TrialRole) -> list[TrialRecord]:
        """The trials of a role, by number."""
        return self._trials.of_role(self._study, role)

    def attempts(self, number: int) -> list[AttemptRecord]:
        """The attempts of a trial, in their order."""
        return self._attempts.list_of(self._study, number)

    def failures(self, number: int) -> int:
        """How many attempts of a trial have crashed or stalled."""
        return self._attempts.count(self._study, number, RETRIED)

    def trainer_hours(self) -> float:
        """What the study has cost: hours of its trainers times their GPUs."""
        return self._attempts.trainer_hours(self._study)

    def queue(self, proposal: Proposal, paths: RunPaths) -> None:
        """A trial was asked for by a controller that died before it could note it."""
        self._insert(proposal, paths, TrialState.QUEUED, None)

    def begin(self, proposal: Proposal, paths: RunPaths) -> None:
        """This controller starts a new trial."""
        self._insert(proposal, paths, TrialState.STARTING, self._controller)

    def claim(self, seen: TrialRecord) -> bool:
        """Take over a trial that nobody runs; ``False`` where another one was quicker."""
        return self._trials.claim(seen, self._controller)

    def begin_attempt(
        self, trial: TrialRecord | None, number: int, slot: Slot, events_offset: int,
        overrides: Mapping[str, Any],
    ) -> Attempt:  # fmt: skip
        """A trainer is about to be started; of a trial that goes on the state changes, too."""
        before = self._attempts.newest(self._study, number) if trial else None
        attempt = Attempt(
            number=before.attempt + 1 if before else 1,
            slot=slot,
            events_offset=events_offset,
            overrides=overrides,
        )
        with self._database.transaction():
            if trial is not None:
                is_first = trial.state is TrialState.QUEUED
                again = TrialState.STARTING if is_first else TrialState.RESUMING
                self._move(number, again, **fields_of.GOES_ON)
            self._attempts.begin(
                AttemptRecord(
                    study=self._study,
                    number=number,
                    attempt=attempt.number,
                    controller=self._controller,
                    host=self._process.host,
                    slot=slot.name,
                    gpus=1 if slot.gpu else 0,
                    overrides=overrides,
                    events_offset=attempt.events_offset,
                )
            )
        return attempt

    def running(self, run: TrialRun) -> None:
        """A trainer was started."""
        process = run.process
        payload = {"pid": process.pid, "role": run.proposal.role.value}
        with self._database.transaction():
            self._move(run.number, TrialState.RUNNING, pid=process.pid)
            self._attempt(
                run,
                controller=self._controller,
                pid=process.pid,
                process_started_at=process.started_at,
            )
            self.note("started", run.number, None, payload | {"attempt": run.attempt.number})

    def adopted(self, run: TrialRun, state: TrialState) -> None:
        """A trainer of another controller was found, running or not; the trial was in ``state``."""
        process = run.process
        payload = {"pid": process.pid, "attempt": run.attempt.number}
        with self._database.transaction():
            if process.pid is not None and state in predecessors(TrialState.RUNNING):
                self._move(run.number, TrialState.RUNNING, pid=process.pid)
            known = {"pid": process.pid, "process_started_at": process.started_at}
            self._attempt(run, controller=self._controller, **(known if process.pid else {}))
            self.note("adopted", run.number, None, payload)

    def put_back(self, number: int) -> None:
        """A trial that could not be started waits again, for whoever can."""
        trial = self.trial(number)
        if trial is not None and trial.state.waiting:
            self._held(number, controller=None)
        else:
            self._move(number, TrialState.LOST, controller=None)

    def pausing(self, run: TrialRun) -> None:
        """A trainer was asked to leave with a checkpoint."""
        self._trials.move(self._study, run.number, TrialState.PAUSING, held_by=self._controller)

    def refused(self, proposal: Proposal, message: str) -> TrialRecord:
        """A trial never starts: its hyperparameters don't go together."""
        fields: TrialFields = {
            "reason": Reason.BAD_INPUT,
            "evidence": {"message": message},
            "run_dir": None,
            "ended_at": utc_now(),
        }
        with self._database.transaction():
            self._move(proposal.number, TrialState.FAILED, **fields)
            return self._noted_end(proposal.number)

    def evaluated(
        self, run: TrialRun, event: events.Evaluation, assessment: Assessment, *, is_news: bool
    ) -> None:
        """Keep an evaluation, and what the trial is best at: what its best checkpoint holds.

        With the scores the highest gradient norm since the evaluation before is kept: steps are
        not, and who looks at a study later wants to see where it rose.
        """
        fields: TrialFields = fields_of.best(run, event, self._objectives) if event.best else {}
        if is_news:
            fields |= {"step": event.step, **fields_of.assessed(assessment)}
        if not fields:
            return
        with self._database.transaction():
            if is_news:
                self.note(
                    event.name, run.number, event.step, fields_of.scores(run, event), event.time
                )
            self._held(run.number, **fields)

    def assessed(self, run: TrialRun, assessment: Assessment) -> None:
        """Keep how a trial stands, where that has changed between two evaluations."""
        self._held(run.number, **fields_of.assessed(assessment))

    def kept_events(self, number: int, kinds: Iterable[str]) -> list[EventRecord]:
        """What is kept of a trial, in the order of writing."""
        return self._events.list_of(self._study, number, kinds)

    def ended(self, run: TrialRun, outcome: Outcome, assessment: Assessment) -> TrialRecord:
        """Keep what became of a trial, for good or for now; how it stands now."""
        before = self.trial(run.number)
        if before is None or before.controller != self._controller:
            raise NotOursError(run.name)
        ended = outcome.state.ended
        fields: TrialFields = {
            "metrics": {**before.metrics, **fields_of.rescue_metrics(run)},
            "checkpoint": fields_of.existing(before.checkpoint) if ended else before.checkpoint,
            "controller": self._controller if ended else None,
            "reason": outcome.reason,
            "evidence": outcome.evidence,
            "step": run.verdict.step if run.verdict else run.seen.step,
            "exit_code": run.exit_code,
            "pid": None,
            "ended_at": utc_now(),
            **fields_of.assessed(assessment),
        }
        with self._database.transaction():
            self._move(run.number, outcome.state, **fields)
            self._attempt_ended(run, outcome)
            self._progress.clear(self._study, run.number)
            return self._noted_end(run.number)

    def given_up(
        self, trial: TrialRecord, reason: Reason, evidence: Mapping[str, Any]
    ) -> TrialRecord:
        """Prune a trial that waits, and that was claimed."""
        fields: TrialFields = {
            "reason": reason, "evidence": evidence, "exit_code": None, "ended_at": utc_now(),
        }  # fmt: skip
        self._move(trial.number, TrialState.PRUNED, **fields)
        return self._noted_end(trial.number)

    def tidy(self, number: int, paths: RunPaths, *, only_last: bool) -> None:
        """Of a trial that has ended the best and the last checkpoint are kept, or the last."""
        last, best = paths.last_checkpoint, paths.best_checkpoint
        if only_last:  # told first: of another's trial no file is deleted
            self._held(number, checkpoint=str(last.resolve()))
        for path in paths.checkpoints.glob("*.pt"):
            if path != last and (only_last or path != best):
                path.unlink()

    def progress(self, runs: Iterable[TrialRun]) -> None:
        """Keep the newest numbers of the running trials."""
        now = utc_now()
        alive = [run for run in runs if run.process.pid is not None]
        with self._database.transaction():
            for run in alive:
                self._progress.upsert(fields_of.progress(self._study, run))
                self._attempt(
                    run, seen_at=now, first_step=run.seen.first_step, last_step=run.seen.step
                )

    def note(
        self,
        kind: str,
        number: int | None,
        step: int | None,
        payload: Mapping[str, Any],
        time: float | None = None,
    ) -> None:
        """Keep one event; ``time``: when it was, Unix seconds, if not now."""
        at = utc_now() if time is None else datetime.fromtimestamp(time, UTC)
        self._events.append(
            [EventRecord(study=self._study, kind=kind, number=number, step=step, at=at,
                         payload=payload)]
        )  # fmt: skip

    def _insert(
        self, proposal: Proposal, paths: RunPaths, state: TrialState, controller: str | None
    ) -> None:
        record = TrialRecord(
            study=self._study,
            number=proposal.number,
            role=proposal.role,
            state=state,
            params=proposal.params,
            run_dir=str(paths.root.resolve()),
            controller=controller,
            started_at=utc_now(),
        )
        source = None if proposal.continues is None else self.trial(proposal.continues)
        self._trials.insert(record if source is None else fields_of.going_on(record, source, paths))

    def _noted_end(self, number: int) -> TrialRecord:
        record = self.trial(number)
        assert record is not None
        payload = {"state": record.state.value, "reason": record.reason, **record.evidence}
        self.note("ended", number, record.step, payload)
        return record

    def _attempt_ended(self, run: TrialRun, outcome: Outcome) -> None:
        paths, ended_at = run.process.paths, self._ended_at(run)
        words = {TrialState.COMPLETE: "finished", TrialState.LOST: "lost"}
        self._attempt(
            run,
            first_step=run.seen.first_step,
            last_step=run.seen.step,
            checkpoint=fields_of.existing(str(paths.last_checkpoint.resolve())),
            seen_at=ended_at,
            ended_at=ended_at,
            exit_code=run.exit_code,
            cause=outcome.reason or words.get(outcome.state, outcome.state.value),
        )

    def _ended_at(self, run: TrialRun) -> datetime:
        """Now; of a trainer that had ended before it was found, when it was last heard of.

        Else a budget would be charged for the hours in which nobody looked.
        """
        if run.process.pid is not None:
            return utc_now()
        if run.last_event_at is not None:
            return datetime.fromtimestamp(run.last_event_at, UTC)
        newest = self._attempts.newest(self._study, run.number)
        return newest.seen_at if newest else utc_now()

    def _move(self, number: int, after: TrialState, **fields: Any) -> None:
        moved = self._trials.move(self._study, number, after, held_by=self._controller, **fields)
        if not moved:
            raise NotOursError(f"trial {number} can't become {after}")

    def _held(self, number: int, **fields: Any) -> None:
        if not self._trials.update_held(self._study, number, self._controller, **fields):
            raise NotOursError(f"trial {number}")

    def _attempt(self, run: TrialRun, **fields: Any) -> None:
        self._attempts.update(self._study, run.number, run.attempt.number, **fields)
