"""The loop of a study: ask, launch, watch, report, prune or tell."""

import time
from collections.abc import Callable

from smart_tuner.control.agenda import Agenda
from smart_tuner.control.budget import Phase
from smart_tuner.control.commander import Commander
from smart_tuner.control.context import Context
from smart_tuner.control.dispatcher import Dispatcher
from smart_tuner.control.outage import OUTAGES, OutageSpeaker, check_outage, outlast
from smart_tuner.control.recovery import Recovery
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.control.watch import Watch
from smart_tuner.costs import Cost
from smart_tuner.launch.trainer_process import wait_for_an_end
from smart_tuner.resources.machine import this_machine
from smart_tuner.resources.slots import Jobs, SlotPlan, SlotPool, plan_slots
from storage.records import StudyState, TrialRole
from trainer.exit_codes import BadInputError

_POLL_SECONDS = 0.1
_REFRESH_SECONDS = 1.0
_LISTEN_SECONDS = 0.25
_PAUSED = (StudyState.PAUSING, StudyState.PAUSED)


class Controller:
    """Runs one study's trials, several at once, until its end or a request to stop.

    What it knows of the study is in the database and in the run directories; in an outage it
    forgets all else, and takes its own trials up again as it would a dead controller's.

    Args:
        context: the study.
        refresh: shows how it stands, each second.
    """

    def __init__(self, context: Context, refresh: Callable[[], None]) -> None:
        self._context, self._refresh = context, refresh
        self._agenda = Agenda(context)
        self._commander = Commander(context)
        self._running = context.running
        self._state = StudyState.RUNNING
        self._began = time.monotonic()
        self._refreshed = self._listened = 0.0
        self._said_stop = False
        self._is_stale = False
        self._is_reconciled = False
        self._cost: Cost | None = None
        self._outages = OutageSpeaker(lambda line: context.sink.say(line, style="yellow"))
        self._jobs: Jobs = context.config.study.jobs
        self.slots = SlotPool(self._plan().slots)
        self._watch = Watch(context, self.slots)
        self._recovery = Recovery(context, self._watch.adopt)
        self._dispatcher = Dispatcher(context, self._agenda, self._watch, self.slots)

    @property
    def remaining(self) -> int:
        """Trials and probes that are still to be run or finished, or have a trainer yet."""
        return max(self._agenda.remaining, len(self._running))

    @property
    def budget_is_spent(self) -> bool:
        """Whether that is why nothing more is run."""
        return self._agenda.phase is Phase.SPENT

    @property
    def loads(self) -> list[float]:
        """Of each trial that waits the share that is still to be run."""
        return self._agenda.loads

    def plan(self, cost: Cost | None) -> None:
        """Share the machine among trials, now that it is known what one takes."""
        self._cost = cost
        plan = self._plan()
        self.slots.change(plan.slots)
        if plan.note:
            self._context.sink.say(f"note: {plan.note}")

    def recover(self) -> None:
        """Take up what earlier controllers left unfinished."""
        self._context.neighbours.observe(self._context.registration.present())
        self._agenda.refresh()
        self._inherit()
        self._agenda.refresh()

    def idle(self) -> bool:
        """Before :meth:`run`: watch trainers that were found, obey; ``False``: no use to go on."""
        try:
            if self._is_stale:
                self._catch_up()
            self._obey_if_due()
            if self._is_due():
                self._look_around()
                self._watch_trainers()
        except OUTAGES as error:
            return self._outlast(error)
        return not self._leaving

    def run(self) -> StudyState:
        """Run to the end, or to a request to stop; trainers never outlive this call.

        Returns:
            How the study stands, if no other controller runs it.

        Raises:
            BadInputError: a trainer found its input wrong, or no room for its checkpoint.
        """
        self._began = time.monotonic()
        try:
            while not self._tick_is_last():
                wait_for_an_end((run.process for run in self._running.values()), _POLL_SECONDS)
        finally:
            self._watch.end_all()
        if self._watch.bad_input:
            raise BadInputError(self._watch.bad_input)
        if self._agenda.phase is Phase.SPENT:
            self._context.sink.say("the budget is spent: a larger one goes on from here")
        if self._agenda.phase is Phase.SPENT or not self._agenda.remaining:
            return StudyState.FINISHED
        return StudyState.STOPPED

    def _tick_is_last(self) -> bool:
        try:
            self._tick()
            return self._is_done()
        except OUTAGES as error:
            return not self._outlast(error)

    def _tick(self) -> None:
        if self._is_stale:
            self._catch_up()
        self._obey_if_due()
        if self._is_due():
            self._look_around()
        self._stop_if_due()
        self._watch_trainers()
        if not (self._leaving or self._paused or self._agenda.phase is Phase.SPENT):
            self._dispatcher.fill()

    @property
    def _leaving(self) -> bool:
        return self._context.stop.requested or self._state is StudyState.STOPPING

    @property
    def _paused(self) -> bool:
        return self._state in _PAUSED

    def _is_done(self) -> bool:
        if self._running or self._leaving:
            return not self._running
        if self._paused or self._agenda.remaining:
            return False
        self._agenda.refresh()  # a budget that is not spent has a use for the rest of it
        return not self._agenda.remaining

    # Once a second: the world outside.

    def _is_due(self) -> bool:
        return time.monotonic() - self._refreshed > _REFRESH_SECONDS

    def _obey_if_due(self) -> None:
        """Who asks for something is waiting: more often, and what it changes is seen at once."""
        if time.monotonic() - self._listened > _LISTEN_SECONDS:
            self._listened = time.monotonic()
            if self._commander.obey():
                self._refreshed = 0.0

    def _look_around(self) -> None:
        self._refreshed = time.monotonic()
        context = self._context
        self._watch.renew_leases()
        context.registration.beat(self._eta(), self.slots.size)
        context.neighbours.observe(context.registration.present())
        study = context.registration.record()
        self._follow_state(study.state)
        self._follow_settings()
        self._watch.let_go()
        self._agenda.refresh()
        self._inherit()
        context.ledger.progress(self._running.values())
        self._settle_pause()
        self._refresh()

    def _inherit(self) -> None:
        """Take over what controllers that are gone have left."""
        gone = self._context.neighbours.gone
        if (gone or not self._is_reconciled) and self._reconcile():
            self._context.registration.strike_off(gone)
        self._recovery.take_over(list(self._agenda.unfinished))

    def _follow_state(self, state: StudyState) -> None:
        if state is StudyState.PAUSED and self._state is not state:
            self._context.sink.say("paused: 'smart-tuner resume' goes on")
        self._state = state

    def _follow_settings(self) -> None:
        """What commands have set, perhaps another controller's to obey."""
        context = self._context
        context.config = context.registration.configured()
        if context.config.study.jobs != self._jobs:
            self._jobs = context.config.study.jobs
            self.plan(self._cost)

    def _plan(self) -> SlotPlan:
        pids = [run.process.pid for run in self._running.values() if run.process.pid]
        memory = self._cost.memory_mb if self._cost else None
        threads = self._context.config.trainer.threads
        return plan_slots(self._jobs, this_machine(pids), threads, memory)

    def _settle_pause(self) -> None:
        """The study is paused when the last trainer has left, whichever controller's it was."""
        active = any(trial.state.active for trial in self._agenda.unfinished)
        if self._state is StudyState.PAUSING and not (active or self._running):
            self._context.registration.change_state(StudyState.PAUSING, StudyState.PAUSED)

    def _reconcile(self) -> bool:
        """Bring Optuna's trials and ours together; ``False`` while it is another one's turn."""
        registration = self._context.registration
        self._is_reconciled = registration.take_turn(self._context.neighbours.gone)
        if not self._is_reconciled:
            return False
        with registration.turn():
            self._recovery.reconcile()
        return True

    # Always: the trainers.

    def _stop_if_due(self) -> None:
        stop, timeout = self._context.stop, self._context.config.study.timeout
        if timeout is not None and time.monotonic() > self._began + timeout and not self._leaving:
            stop.by_timeout = True
            stop.request()
        if stop.requested and not self._said_stop and (self._running or stop.by_timeout):
            self._said_stop = True
            why = "study.timeout is over: " if stop.by_timeout else ""
            self._context.sink.say(f"{why}stopping with checkpoints; Ctrl-C again stops at once")

    def _watch_trainers(self) -> None:
        spent = self._agenda.phase is Phase.SPENT
        for record in self._watch.poll(self._must_leave, spent=spent):
            self._agenda.take_off(record.number)
            if not record.state.ended:
                self._agenda.refresh()

    def _must_leave(self, run: TrialRun) -> bool:
        """Whether it is to stop with a checkpoint, and not for a verdict of its own."""
        spent = self._agenda.phase is Phase.SPENT
        others = self._agenda.phase is Phase.FINISH and run.proposal.role is not TrialRole.FINISH
        return self._leaving or self._paused or spent or others

    # When the database is away.

    def _outlast(self, error: Exception) -> bool:
        """Wait until it is back; ``False`` where a person gave up."""
        check_outage(error)
        context = self._context
        self._watch.renew_leases()
        if context.stop.at_once:
            return False
        say = self._outages.away(error, trainers=len(self._running))
        if not outlast(context.database, self._keep_alive, say):
            return False
        self._outages.back()
        self._is_stale = True
        return True

    def _keep_alive(self) -> bool:
        """Renew the leases of the trainers; whether there is no request to stop."""
        self._watch.renew_leases()
        return not self._context.stop.requested

    def _catch_up(self) -> None:
        self._watch.catch_up()
        self._reconcile()
        self._is_stale = False
        self._refreshed = 0.0

    def _eta(self) -> float | None:
        """Seconds left: the running trials' own pace, and the measured cost of those to come."""
        if self._cost is None:
            return None
        each = self._cost.seconds_per_trial
        own = [_seconds_left(run, each) for run in self._running.values()]
        slots = max(1, self.slots.size)
        left = (sum(own) + sum(self._agenda.loads_beside(self._running)) * each) / slots
        left = max([left, *own])
        budget = self._agenda.budget_left
        return left if budget is None else min(left, budget / slots)


def _seconds_left(run: TrialRun, whole: float) -> float:
    """At its own pace; of one that has none yet what a ``whole`` trial takes."""
    seen = run.seen
    if not seen.steps_per_second:
        return whole
    return (seen.steps - seen.step) / seen.steps_per_second
