"""Taking up what controllers left: trainers that still run, trials that wait, ends not yet told."""

from collections.abc import Callable

from smart_tuner.control.context import Context
from smart_tuner.control.trial_run import Attempt, TrialRun
from smart_tuner.launch import lease
from smart_tuner.launch.trainer_process import TrainerProcess
from smart_tuner.resources.slots import Slot
from smart_tuner.search.proposals import Proposal
from storage.records import AttemptRecord, TrialRecord, TrialState
from trainer.paths import RunPaths

Follow = Callable[[Proposal, TrainerProcess, Attempt], TrialRun]
"""Watch a trainer from now on."""


class Recovery:
    """Of one controller: at its start, after an outage, and when another controller died."""

    def __init__(self, context: Context, follow: Follow) -> None:
        self._context, self._follow = context, follow
        self._watched: set[int] = set()

    def reconcile(self) -> None:
        """Bring Optuna's trials and ours together; the caller has the turn at asking."""
        context = self._context
        for proposal in context.proposals.unfinished():
            record = context.ledger.trial(proposal.number)
            if record is None:  # asked for by a controller that died before it noted that
                context.ledger.queue(proposal, context.launcher.paths(proposal.number))
            elif record.state.ended:  # one died between our tables and Optuna's
                context.teach(record)

    def take_over(self, trials: list[TrialRecord]) -> list[TrialRun]:
        """Adopt the trainers of ``trials`` whose controllers are gone; those adopted.

        A trainer that has ended meanwhile is adopted too: its events say how.
        """
        orphans = [trial for trial in trials if trial.state.active and self._is_free(trial)]
        return [run for run in map(self._adopt, orphans) if run is not None]

    def _is_free(self, trial: TrialRecord) -> bool:
        if trial.number in self._context.running:
            return False
        owner = trial.controller
        return (
            owner is None
            or owner == self._context.registration.id
            or self._context.neighbours.has_left(owner)
        )

    def _adopt(self, trial: TrialRecord) -> TrialRun | None:
        context = self._context
        paths = context.launcher.paths(trial.number)
        if self._is_watched(trial, paths) or not context.ledger.claim(trial):
            return None
        attempts = context.ledger.attempts(trial.number)
        here = not attempts or attempts[-1].host == context.registration.process.host
        process = TrainerProcess.find(paths, search=here)
        proposal = context.proposals.take_up(trial.number)
        attempt = _attempt(attempts[-1]) if attempts else Attempt(0, Slot("", None))
        run = self._follow(proposal, process, attempt)
        context.ledger.adopted(run, trial.state)
        if trial.state is TrialState.PAUSING:
            process.request_stop()
        if process.pid is not None:
            context.sink.say(f"{run.name} goes on in process {process.pid}, which was found")
        return run

    def _is_watched(self, trial: TrialRecord, paths: RunPaths) -> bool:
        """Whether a controller that this database doesn't hear of any more is at work there."""
        watcher = lease.watcher(paths.lease)
        if watcher is None or watcher == self._context.registration.process:
            return False
        if trial.number not in self._watched:
            self._watched.add(trial.number)
            self._context.sink.say(
                f"trial {trial.number} is left alone: process {watcher.pid} on {watcher.host} "
                f"watches its trainer in {paths.root}, and this database has not heard of it for a "
                "while. Is it a copy of a running study's database? Then start it in another "
                "directory",
                style="yellow",
            )
        return True


def _attempt(record: AttemptRecord) -> Attempt:
    return Attempt(
        number=record.attempt,
        slot=Slot(record.slot, None),
        events_offset=record.events_offset,
        overrides=record.overrides,
    )
