"""The trainers that a controller watches: from their first event to their end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from smart_tuner.control.chronicle import Chronicle
from smart_tuner.control.context import Context
from smart_tuner.control.ending import Ending
from smart_tuner.control.ledger import PRUNE_REQUESTED, NotOursError
from smart_tuner.control.trial_run import Attempt, TrialRun
from smart_tuner.health import Reason
from smart_tuner.launch import lease
from smart_tuner.launch.trainer_process import TrainerProcess
from smart_tuner.resources.slots import SlotPool
from smart_tuner.search.objectives import METRICS, objective_values
from smart_tuner.search.proposals import Proposal, ToldAlreadyError
from storage.records import TrialRecord, TrialRole, TrialState
from trainer import events

_POLL_SECONDS = 0.1

MustLeave = Callable[[TrialRun], bool]
"""Whether a trainer is to stop with a checkpoint, and not for a verdict of its own."""


class Watch:
    """Of one controller.

    Args:
        context: the study.
        slots: where its trainers run.
    """

    def __init__(self, context: Context, slots: SlotPool) -> None:
        self._context, self._slots = context, slots
        self._chronicle = Chronicle(context.ledger, context.sink)
        self._ending = Ending(context)
        self._running = context.running
        self._reported: dict[int, set[int]] = {}

    @property
    def bad_input(self) -> str | None:
        """Why no other trial of the study could do better, if so."""
        return self._ending.bad_input

    def adopt(self, proposal: Proposal, process: TrainerProcess, attempt: Attempt) -> TrialRun:
        """Watch a trainer that was found."""
        slot = self._slots.hold(attempt.slot.name)
        return self.follow(proposal, process, replace(attempt, slot=slot))

    def follow(
        self,
        proposal: Proposal,
        process: TrainerProcess,
        attempt: Attempt,
        *,
        is_new: bool = False,
    ) -> TrialRun:
        """Watch a trainer from now on, and from its first event on.

        Args:
            proposal: the trial.
            process: its trainer.
            attempt: what it was started with.
            is_new: nothing was ever reported of the trial.
        """
        context, number = self._context, proposal.number
        if process.pid is not None:
            lease.hold(process.paths.lease, context.registration.process)
        grace = context.config.grace_steps(context.launcher.hparams(dict(proposal.params)))
        run = TrialRun(proposal, process, attempt, context.config.health, grace)
        self._running[number] = run
        self._reported[number] = set() if is_new else context.proposals.reported_steps(number)
        self._chronicle.open(number, is_new=is_new)
        asked = () if is_new else context.ledger.kept_events(number, (PRUNE_REQUESTED,))
        if asked:
            run.give_up(Reason.STOPPED, asked[0].payload)
        return run

    def follow_unstarted(self, proposal: Proposal, attempt: Attempt, error: OSError) -> None:
        """No trainer could be started, for want of room perhaps: the trial goes on another time."""
        paths = self._context.launcher.paths(proposal.number)
        run = self.follow(proposal, TrainerProcess(paths, None), attempt)
        run.unstartable = error.strerror or str(error)

    def poll(self, must_leave: MustLeave, *, spent: bool) -> list[TrialRecord]:
        """Read what the trainers say; the trials whose trainers have ended.

        Args:
            must_leave: asked of each.
            spent: whether the study's budget is.
        """
        ended = []
        for run in list(self._running.values()):
            try:
                record = self._poll(run, must_leave, spent=spent)
            except (NotOursError, ToldAlreadyError):
                self.drop(run)
                continue
            ended += [record] if record else []
        return ended

    def let_go(self) -> None:
        """Other controllers have taken trials over, for this one was silent for too long."""
        held = self._context.ledger.held()
        for number in set(self._running) - held:
            self.drop(self._running[number])

    def drop(self, run: TrialRun) -> None:
        """Its trainer is another's now; where that one started its own, ours is in the way."""
        attempts = self._context.ledger.attempts(run.number)
        if not attempts or attempts[-1].pid != run.process.pid:
            run.process.kill()
        self._context.sink.say(f"{run.name} has been taken over by another controller")
        self._forget(run)

    def renew_leases(self) -> None:
        """Say that somebody watches."""
        for run in self._running.values():
            run.process.renew_lease()

    def catch_up(self) -> None:
        """After an outage: what was half done is looked up, and the events are read again."""
        ledger, me = self._context.ledger, self._context.registration.id
        for run in list(self._running.values()):
            trial = ledger.trial(run.number)
            if trial is None or trial.state.ended or trial.controller is None:
                self._forget(run)  # its end was written, and may not have been told to Optuna
            elif trial.controller == me:
                again = self.follow(run.proposal, run.process, run.attempt)
                again.stalled = run.stalled
                if trial.state in (TrialState.STARTING, TrialState.RESUMING):
                    ledger.running(again)
        self._slots.recount(run.attempt.slot for run in self._running.values())

    def end_all(self) -> None:
        """Whatever happened, no trainer is left without somebody who watches it."""
        for run in self._running.values():
            run.process.request_stop(run.stop_grace_seconds)
        for run in self._running.values():
            while not run.process.poll():
                if self._context.stop.at_once:
                    run.process.kill()
                time.sleep(_POLL_SECONDS)

    def _poll(self, run: TrialRun, must_leave: MustLeave, *, spent: bool) -> TrialRecord | None:
        ended = run.process.poll()
        for event in run.poll(self._report):
            self._chronicle.take(run, event)
        if ended:
            record = self._ending.end(run, spent=spent)
            self._forget(run)
            return record
        if self._context.stop.at_once:
            run.process.stop_requested = True
            run.process.kill()
        elif must_leave(run):
            self._ask_to_leave(run)
        else:
            self._kill_if_stalled(run)
        return None

    def _ask_to_leave(self, run: TrialRun) -> None:
        if not run.process.stop_requested:
            self._context.ledger.pausing(run)
            run.process.request_stop(run.stop_grace_seconds)

    def _kill_if_stalled(self, run: TrialRun) -> None:
        timeout = self._context.config.study.stall_timeout
        if timeout is not None and run.silent_seconds > timeout and not run.stalled:
            path = run.give_up_on_silence()
            where = f": what it was doing is in {path}" if path else ""
            self._context.sink.say(
                f"{run.name} has been silent for {timeout:g} s{where}", style="yellow"
            )

    def _report(self, run: TrialRun, event: events.Evaluation) -> Mapping[str, float] | None:
        """Tell Optuna of an evaluation; probes and several objectives have no pruner."""
        objectives = self._context.config.study.objective
        if run.proposal.role is not TrialRole.TRIAL or len(objectives) > 1:
            return None
        reported, proposals = self._reported[run.number], self._context.proposals
        value = objective_values(event.metrics, objectives)[0]
        if event.step not in reported:
            reported.add(event.step)
            pruned = proposals.report(run.number, value, event.step)
        else:  # the last one may not have been judged yet when a controller before this one died
            pruned = event.step == max(reported) and proposals.should_prune(run.number)
        if not pruned:
            return None
        return {METRICS[objectives[0]]: value, **proposals.peers_at(event.step)}

    def _forget(self, run: TrialRun) -> None:
        del self._running[run.number]
        self._reported.pop(run.number, None)
        self._chronicle.close(run.number)
        self._slots.give_back(run.attempt.slot)
