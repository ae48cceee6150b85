"""What is done when a trial's trainer has ended: for good, or until it is started again."""

from dataclasses import replace

from smart_tuner.control.context import Context
from smart_tuner.control.outcome import Outcome, retried
from smart_tuner.control.overrides import smaller_micro_batch
from smart_tuner.control.trial_lines import end_line
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.health import Reason
from smart_tuner.retention import apply_retention
from storage.records import TrialRecord, TrialRole, TrialState
from trainer.exit_codes import TrainerExit


class Ending:
    """Of one controller's trials."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.bad_input: str | None = None
        """Why no other trial of the study could do better, if so."""

    def end(self, run: TrialRun, *, spent: bool) -> TrialRecord:
        """Decide what became of the trial, keep it, and teach Optuna.

        Args:
            run: its trainer has ended, and all its events are read.
            spent: whether the study's budget is: then the finish is complete as it is.
        """
        context = self._context
        outcome = self._outcome(run, spent=spent)
        reason = outcome.reason if outcome.state is not TrialState.LOST else None
        if outcome.state.ended:
            only_last = outcome.state is TrialState.PRUNED
            context.ledger.tidy(run.number, run.process.paths, only_last=only_last)
        # Our tables first: from them a controller that dies here can still be caught up with.
        record = context.ledger.ended(run, outcome, run.assessment(reason))
        if record.state.ended:
            context.teach(record)
            self._delete_superfluous(run.number)
        context.sink.say(end_line(run, outcome, context.config.study.objective))
        self._note_bad_input(run, outcome)
        return record

    def _delete_superfluous(self, number: int) -> None:
        """As ``retention`` says; what can't be deleted is no reason to end the study."""
        config = self._context.config
        database, name = self._context.database, config.study.name
        removed = apply_retention(database, name, config.retention, number, config.directions)
        for failure in removed.failures:
            self._context.sink.say(f"retention: {failure}", style="yellow")

    def _outcome(self, run: TrialRun, *, spent: bool) -> Outcome:
        context = self._context
        outcome = run.outcome()
        if outcome.reason is Reason.OUT_OF_MEMORY:
            outcome = self._with_less_memory(run, outcome)
        is_finish = run.proposal.role is TrialRole.FINISH
        if outcome.state is TrialState.COMPLETE and run.best is None and not is_finish:
            outcome = Outcome(TrialState.FAILED, Reason.CRASHED, {"message": "no evaluation"})
        failures = context.ledger.failures(run.number)
        outcome = retried(outcome, failures, context.config.study.max_retries)
        return _finished(outcome, spent=spent) if is_finish else outcome

    def _with_less_memory(self, run: TrialRun, outcome: Outcome) -> Outcome:
        """It goes on with smaller micro-batches; where there are none it is infeasible."""
        hparams = self._context.launcher.hparams(dict(run.proposal.params))
        smaller = smaller_micro_batch(hparams, run.attempt.overrides)
        if smaller is None:
            return outcome
        return replace(outcome, state=TrialState.LOST, evidence={**outcome.evidence, **smaller})

    def _note_bad_input(self, run: TrialRun, outcome: Outcome) -> None:
        """What no trial can do anything about: every other one would fail alike."""
        if outcome.reason is Reason.BAD_INPUT:
            message = str(outcome.evidence["message"])
        elif run.unstartable is not None:
            message = (
                f"{run.process.paths.root}: the trainer of {run.name} can't be started "
                f"({run.unstartable}): free some space on the disk, or give back the permissions, "
                "and start the study again"
            )
        elif run.exit_code == TrainerExit.UNWRITABLE:
            message = (
                f"{run.process.paths.checkpoints}: {run.name} can't write its checkpoint: free "
                "some space on the disk, or give back the permissions, and start the study again"
            )
        else:
            return
        self.bad_input = self.bad_input or message
        self._context.stop.request()


def _finished(outcome: Outcome, *, spent: bool) -> Outcome:
    """The finish has done what it can when the budget is spent, or a rule ends it.

    What it had come to is kept: its best checkpoint is at least the one that it began with.
    """
    if spent and outcome.state in (TrialState.PAUSED, TrialState.LOST):
        return Outcome(TrialState.COMPLETE)
    ends = outcome.state is TrialState.PRUNED
    return replace(outcome, state=TrialState.COMPLETE) if ends else outcome
