"""The loop of a study: ask, launch, watch, report, prune or tell."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.console import ConsoleSink
from smart_tuner.costs import Cost
from smart_tuner.health import Reason
from smart_tuner.launcher import Launcher
from smart_tuner.ledger import Ledger
from smart_tuner.objectives import objective_values
from smart_tuner.outcome import Outcome
from smart_tuner.proposals import Proposal, Proposals
from smart_tuner.stopping import StopSwitch
from smart_tuner.trainer_process import end_orphan
from smart_tuner.trial_run import TrialRun
from storage.commands import Commands
from storage.database import Database
from storage.records import CommandRecord, CommandState, TrialRecord, TrialRole, TrialState
from trainer import events
from trainer.exit_codes import BadInputError

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
        self._running: dict[int, TrialRun] = {}
        self._records = {record.number: record for record in ledger.trials()}
        self._to_resume: list[Proposal] = []
        self._reported: dict[int, set[int]] = {}
        self._kept: dict[int, set[int]] = {}
        self._bad_input: str | None = None
        self.cost: Cost | None = None

    @property
    def remaining(self) -> int:
        """Trials and probes that are still to be run or finished."""
        return self._new_trials() + len(self._open_probes()) + self._unfinished()

    def recover(self) -> None:
        """Take up what an earlier controller left unfinished."""
        self._ledger.clear_progress()
        self._to_resume = self._proposals.unfinished()
        for proposal in self._to_resume:
            end_orphan(self._launcher.paths(proposal.number))

    def run(self) -> None:
        """Run to the end, or to a request to stop; trainers never outlive this call.

        Raises:
            BadInputError: a trainer found its input wrong; every other trial would, too.
        """
        deadline = _deadline(self._config.study.timeout)
        refreshed = 0.0
        try:
            while True:
                if time.monotonic() > deadline:
                    self._stop.request()
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

    def _fill_slots(self) -> None:
        while len(self._running) < self._config.study.jobs:
            proposal = self._next_proposal()
            if proposal is None:
                return
            self._launch(proposal)

    def _next_proposal(self) -> Proposal | None:
        """Unfinished trials first, then the known-good start, the probes, and what is asked."""
        if self._to_resume:
            return self._to_resume.pop(0)
        first_trial = not any(r.role is TrialRole.TRIAL for r in self._records.values())
        probes = self._open_probes()
        if probes and not first_trial:
            return self._proposals.next_probe(probes[0])
        if self._new_trials() > 0:
            return self._proposals.next_trial()
        return self._proposals.next_probe(probes[0]) if probes else None

    def _launch(self, proposal: Proposal) -> None:
        number = proposal.number
        hparams = self._launcher.hparams(dict(proposal.params))
        process = self._launcher.start(number, hparams)
        grace = self._config.grace_steps(hparams)
        self._ledger.begin(proposal, process.paths, process.pid)
        self._running[number] = TrialRun(proposal, process, self._config.health, grace)
        self._reported[number] = self._proposals.reported_steps(number)
        self._kept[number] = self._ledger.evaluated_steps(number)
        self._records[number] = TrialRecord(
            study=self._config.study.name,
            number=number,
            role=proposal.role,
            params=proposal.params,
        )
        self._say_start(proposal)

    def _poll(self) -> None:
        for run in list(self._running.values()):
            exit_code = run.process.poll()
            for event in run.poll(self._report):
                if isinstance(event, events.Evaluation):
                    self._keep(run, event)
            if exit_code is not None:
                self._end(run, exit_code)
            elif self._stop.at_once:
                run.process.stop_requested = True
                run.process.kill()
            elif self._stop.requested:
                run.process.request_stop()

    def _report(self, run: TrialRun, event: events.Evaluation) -> bool:
        """Tell Optuna of an evaluation; probes and several objectives have no pruner."""
        objectives = self._config.study.objective
        if run.proposal.role is TrialRole.PROBE or len(objectives) > 1:
            return False
        if event.step in self._reported[run.number]:
            return False
        self._reported[run.number].add(event.step)
        value = objective_values(event.metrics, objectives)[0]
        return self._proposals.report(run.number, value, event.step)

    def _keep(self, run: TrialRun, event: events.Evaluation) -> None:
        if event.step not in self._kept[run.number]:
            self._kept[run.number].add(event.step)
            self._ledger.evaluated(run, event)

    def _end(self, run: TrialRun, exit_code: int) -> None:
        outcome = run.outcome(exit_code)
        if outcome.state is TrialState.COMPLETE and run.best is None:
            outcome = Outcome(TrialState.FAILED, Reason.CRASHED, {"message": "no evaluation"})
        grace = self._config.grace_steps(self._launcher.hparams(dict(run.proposal.params)))
        del self._running[run.number]
        if outcome.state is TrialState.STOPPED:
            self._to_resume.append(run.proposal)
        else:
            self._tell(run, outcome)
        if outcome.state is TrialState.PRUNED:
            self._ledger.keep_only_last(run.number, run.process.paths)
        self._ledger.ended(run, outcome, exit_code, grace)
        self._say_end(run, outcome)
        if outcome.reason is Reason.BAD_INPUT:
            self._bad_input = str(outcome.evidence["message"])
            self._stop.request()

    def _tell(self, run: TrialRun, outcome: Outcome) -> None:
        """Tell Optuna the outcome; a probe teaches nobody."""
        if run.proposal.role is TrialRole.PROBE or outcome.state is TrialState.FAILED:
            self._proposals.fail(run.number, outcome.reason)
        elif outcome.state is TrialState.COMPLETE and run.best is not None:
            values = objective_values(run.best.metrics, self._config.study.objective)
            self._proposals.complete(run.number, values)
        else:
            reason = str(outcome.reason)
            infeasible = outcome.reason is Reason.OUT_OF_MEMORY
            self._proposals.prune(run.number, reason, infeasible=infeasible)

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

    def _new_trials(self) -> int:
        asked = sum(record.role is TrialRole.TRIAL for record in self._records.values())
        return max(0, self._config.study.trials - asked)

    def _open_probes(self) -> list[Mapping[str, Any]]:
        asked = [r.params for r in self._records.values() if r.role is TrialRole.PROBE]
        return [probe for probe in self._config.probes if probe not in asked]

    def _unfinished(self) -> int:
        return len(self._to_resume) + len(self._running)

    def _eta(self) -> float | None:
        """Seconds left: the running trials' own pace, and the measured cost of those to come."""
        left = [_seconds_left(run) for run in self._running.values()]
        waiting = self._new_trials() + len(self._open_probes()) + len(self._to_resume)
        if self.cost is None:
            return None
        known = [seconds for seconds in left if seconds is not None]
        unknown = (len(left) - len(known) + waiting) * self.cost.seconds_per_trial
        return (sum(known) + unknown) / self._config.study.jobs

    def _say_start(self, proposal: Proposal) -> None:
        params = ", ".join(f"{name}={_short(value)}" for name, value in proposal.params.items())
        what = "probe" if proposal.role is TrialRole.PROBE else "trial"
        self._sink.say(f"{what} {proposal.number} starts: {params}")

    def _say_end(self, run: TrialRun, outcome: Outcome) -> None:
        what = "probe" if run.proposal.role is TrialRole.PROBE else "trial"
        step = run.verdict.step if run.verdict else run.seen.step
        line = f"{what} {run.number} {outcome.state.value} at step {step}"
        if outcome.reason:
            values = ", ".join(f"{k} {_short(v)}" for k, v in list(outcome.evidence.items())[:4])
            line += f": {outcome.reason}" + (f" ({values})" if values else "")
        elif run.best is not None:
            line += f": quality {run.best.metrics['quality']:.3f}"
        self._sink.say(line)


def _deadline(timeout: float | None) -> float:
    return float("inf") if timeout is None else time.monotonic() + timeout


def _seconds_left(run: TrialRun) -> float | None:
    seen = run.seen
    return (seen.steps - seen.step) / seen.steps_per_second if seen.steps_per_second else None


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
