"""The loop of a study: ask, launch, watch, report, prune or tell."""

import time
from collections.abc import Callable, Mapping

from smart_tuner.agenda import Agenda
from smart_tuner.chronicle import Chronicle
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.console import ConsoleSink
from smart_tuner.costs import Cost
from smart_tuner.health import Reason
from smart_tuner.launcher import Launcher
from smart_tuner.ledger import LEARNING_RATE_EFFECTIVE, RESTARTS, Ledger
from smart_tuner.objectives import METRICS, objective_values
from smart_tuner.outcome import Outcome
from smart_tuner.proposals import Proposal, Proposals
from smart_tuner.stopping import StopSwitch
from smart_tuner.trainer_process import end_orphan
from smart_tuner.trial_lines import end_line, start_line
from smart_tuner.trial_run import TrialRun
from storage.commands import Commands
from storage.database import Database
from storage.records import CommandRecord, CommandState, TrialRecord, TrialRole, TrialState
from trainer import events
from trainer.exit_codes import BadInputError, TrainerExit

_POLL_SECONDS = 0.1
_REFRESH_SECONDS = 1.0

Beat = Callable[[float | None], None]
"""Says that the controller lives, with the seconds that the study will still take."""


class Controller:
    """Runs one study's trials, several at once, until its end or a request to stop."""

    def __init__(
        self,
        config: StudyConfig,
        database: Database,
        proposals: Proposals,
        ledger: Ledger,
        launcher: Launcher,
        sink: ConsoleSink,
        stop: StopSwitch,
        refresh: Beat,
    ) -> None:
        self._config, self._proposals, self._ledger = config, proposals, ledger
        self._launcher, self._sink, self._stop, self._refresh = launcher, sink, stop, refresh
        self._commands = Commands(database)
        self._agenda = Agenda(config, proposals, ledger.trials())
        self._running: dict[int, TrialRun] = {}
        self._reported: dict[int, set[int]] = {}
        self._chronicle = Chronicle(ledger, sink)
        self._bad_input: str | None = None
        self._said_stop = False
        self.cost: Cost | None = None

    @property
    def remaining(self) -> int:
        """Trials and probes that are still to be run or finished."""
        return self._agenda.waiting + len(self._running)

    @property
    def loads(self) -> list[float]:
        """Of each trial that waits the share that is still to be run."""
        return self._agenda.loads

    def recover(self) -> None:
        """Take up what an earlier controller left unfinished."""
        self._ledger.clear_progress()
        for command in self._commands.pending(self._config.study.name):
            answer = "nobody ran the study when this was asked: ask again"
            self._commands.answer(command.id, CommandState.REFUSED, answer)
        for proposal in self._proposals.unfinished():
            end_orphan(self._launcher.paths(proposal.number))
            record = self._ledger.trial(proposal.number)
            if record is not None and record.state.ended:
                self._tell(record)  # it died between our tables and Optuna's
            else:
                self._agenda.resume(proposal, self._load(record.step if record else None))

    def run(self) -> None:
        """Run to the end, or to a request to stop; trainers never outlive this call.

        Raises:
            BadInputError: a trainer found its input wrong, or no room for its checkpoint.
        """
        deadline = _deadline(self._config.study.timeout)
        refreshed = 0.0
        try:
            while True:
                self._stop_if_due(deadline)
                if not self._stop.requested:
                    self._fill_slots()
                self._poll()
                if not self._running and (self._stop.requested or not self.remaining):
                    break
                if time.monotonic() - refreshed > _REFRESH_SECONDS:
                    refreshed = time.monotonic()
                    self._refresh_everybody()
                time.sleep(_POLL_SECONDS)
        finally:
            self._end_all()
        if self._bad_input:
            raise BadInputError(self._bad_input)

    def _stop_if_due(self, deadline: float) -> None:
        if not self._stop.requested and time.monotonic() > deadline:
            self._stop.by_timeout = True
            self._stop.request()
        if self._stop.requested and self._running and not self._said_stop:
            self._said_stop = True
            self._sink.say("stopping with checkpoints; Ctrl-C again stops at once")

    def _fill_slots(self) -> None:
        while len(self._running) < self._config.study.jobs:
            proposal = self._agenda.next()
            if proposal is None:
                return
            self._launch(proposal)

    def _launch(self, proposal: Proposal) -> None:
        number = proposal.number
        self._agenda.begin(proposal)
        try:
            hparams = self._launcher.hparams(dict(proposal.params))
        except BadInputError as error:  # each value is legal, but not beside the others
            self._tell(self._ledger.refused(proposal, str(error)))
            self._sink.say(f"{proposal.name} can't run: {error}")
            return
        self._sink.say(start_line(proposal, goes_on=self._launcher.goes_on(number)))
        process = self._launcher.start(number, hparams)
        grace = self._config.grace_steps(hparams)
        self._ledger.begin(proposal, process.paths, process.pid)
        self._running[number] = TrialRun(proposal, process, self._config.health, grace)
        self._reported[number] = self._proposals.reported_steps(number)
        self._chronicle.open(number)

    def _poll(self) -> None:
        for run in list(self._running.values()):
            exit_code = run.process.poll()
            for event in run.poll(self._report):
                self._chronicle.take(run, event)
            if exit_code is not None:
                self._end(run, exit_code)
            elif self._stop.at_once:
                run.process.stop_requested = True
                run.process.kill()
            elif self._stop.requested:
                run.process.request_stop()

    def _report(self, run: TrialRun, event: events.Evaluation) -> Mapping[str, float] | None:
        """Tell Optuna of an evaluation; probes and several objectives have no pruner."""
        objectives = self._config.study.objective
        if run.proposal.role is TrialRole.PROBE or len(objectives) > 1:
            return None
        if event.step in self._reported[run.number]:
            return None
        self._reported[run.number].add(event.step)
        value = objective_values(event.metrics, objectives)[0]
        if not self._proposals.report(run.number, value, event.step):
            return None
        return {METRICS[objectives[0]]: value, **self._proposals.peers_at(event.step)}

    def _end(self, run: TrialRun, exit_code: int) -> None:
        outcome = run.outcome(exit_code)
        if outcome.state is TrialState.COMPLETE and run.best is None:
            outcome = Outcome(TrialState.FAILED, Reason.CRASHED, {"message": "no evaluation"})
        grace = self._config.grace_steps(self._launcher.hparams(dict(run.proposal.params)))
        del self._running[run.number]
        if outcome.state.ended:
            pruned = outcome.state is TrialState.PRUNED
            self._ledger.tidy(run.number, run.process.paths, only_last=pruned)
        # Our tables first: from them a controller that dies here can still be caught up with.
        record = self._ledger.ended(run, outcome, exit_code, grace)
        if outcome.state is TrialState.STOPPED:
            self._agenda.resume(run.proposal, self._load(run.seen.step))
        else:
            self._tell(record)
        self._sink.say(end_line(run, outcome, self._config.study.objective))
        self._end_study_if_hopeless(run, outcome, exit_code)

    def _end_study_if_hopeless(self, run: TrialRun, outcome: Outcome, exit_code: int) -> None:
        """What no trial can do anything about: every other one would fail alike."""
        if outcome.reason is Reason.BAD_INPUT:
            message = str(outcome.evidence["message"])
        elif exit_code == TrainerExit.UNWRITABLE:
            message = (
                f"{run.process.paths.checkpoints}: {run.name} can't write its checkpoint: free "
                "some space on the disk, or give back the permissions, and start the study again"
            )
        else:
            return
        self._bad_input = self._bad_input or message
        self._stop.request()

    def _tell(self, record: TrialRecord) -> None:
        """Tell Optuna the outcome; a probe teaches nobody."""
        number = record.number
        if RESTARTS in record.metrics:
            restarts, rate = (record.metrics[n] for n in (RESTARTS, LEARNING_RATE_EFFECTIVE))
            self._proposals.note_rescues(number, int(restarts), rate)
        values = [value for value in record.values or (record.value,) if value is not None]
        taught = record.role is TrialRole.TRIAL and record.state is not TrialState.FAILED
        if not taught or (record.state is TrialState.COMPLETE and not values):
            self._proposals.fail(number, record.reason)
        elif record.state is TrialState.COMPLETE:
            self._proposals.complete(number, values)
        else:
            infeasible = record.reason == Reason.OUT_OF_MEMORY
            self._proposals.prune(number, str(record.reason), infeasible=infeasible)

    def _refresh_everybody(self) -> None:
        for run in self._running.values():
            run.process.renew_lease()
        self._ledger.progress(self._running.values())
        for command in self._commands.pending(self._config.study.name):
            self._obey(command)
        self._refresh(self._eta())

    def _obey(self, command: CommandRecord) -> None:
        run = self._running.get(command.number) if command.number is not None else None
        if command.kind == "stop":
            self._stop.request()
            self._commands.answer(command.id, CommandState.DONE, "stopping with checkpoints")
        elif command.kind == "prune" and run is not None:
            run.give_up(Reason.STOPPED)
            self._commands.answer(command.id, CommandState.DONE, f"trial {run.number} is pruned")
        else:
            answer = f"'{command.kind}' can't be done: no such command, or no such running trial"
            self._commands.answer(command.id, CommandState.REFUSED, answer)

    def _end_all(self) -> None:
        """Whatever happened, no trainer is left without somebody who watches it."""
        for run in self._running.values():
            run.process.request_stop()
        while any(run.process.poll() is None for run in self._running.values()):
            time.sleep(_POLL_SECONDS)

    def _eta(self) -> float | None:
        """Seconds left: the running trials' own pace, and the measured cost of those to come."""
        left = [_seconds_left(run) for run in self._running.values()]
        if self.cost is None:
            return None
        known = [seconds for seconds in left if seconds is not None]
        unknown = (len(left) - len(known) + sum(self.loads)) * self.cost.seconds_per_trial
        return (sum(known) + unknown) / self._config.study.jobs

    def _load(self, step: int | None) -> float:
        """The share of a trial that is left after ``step``."""
        return max(0.0, 1.0 - (step or 0) / self._config.trainer.steps)


def _deadline(timeout: float | None) -> float:
    return float("inf") if timeout is None else time.monotonic() + timeout


def _seconds_left(run: TrialRun) -> float | None:
    seen = run.seen
    return (seen.steps - seen.step) / seen.steps_per_second if seen.steps_per_second else None
