"""One running trial: its process, what its events say, and whether it may go on."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smart_tuner.control.outcome import Outcome, decide
from smart_tuner.health import Assessment, HealthSection, History, Reason, Verdict, assess, judge
from smart_tuner.health.explosion import reason_of
from smart_tuner.launch.stack_dump import dump_stacks
from smart_tuner.launch.trainer_process import STOP_GRACE_SECONDS, TrainerProcess
from smart_tuner.resources.oom_kills import oom_kills
from smart_tuner.resources.slots import Slot
from smart_tuner.search.proposals import Proposal
from storage.records import TrialState
from trainer import events
from trainer.events import EventReader
from trainer.exit_codes import TrainerExit

Prune = Callable[["TrialRun", events.Evaluation], Mapping[str, float] | None]
"""Reports an evaluation; where the trial is worse than its peers, the values that decided."""

_STOP_STEPS = 4.0
"""A trainer that is asked to leave ends its step, and writes a checkpoint."""


@dataclass(frozen=True)
class Seen:
    """The newest numbers of a trial."""

    first_step: int | None = None
    """Where this attempt began."""
    step: int = 0
    steps: int = 0
    loss: float | None = None
    gradient_norm: float | None = None
    steps_per_second: float | None = None
    ended: TrainerExit | None = None
    """How this attempt's trainer said that it ends."""
    message: str = ""


@dataclass(frozen=True)
class Attempt:
    """What a trial's present trainer was started with."""

    number: int
    """Counted from 1."""
    slot: Slot
    events_offset: int = 0
    """Where in the events file this attempt begins."""
    overrides: Mapping[str, Any] | None = None


class TrialRun:
    """Follows one trainer; decides nothing but what :mod:`smart_tuner.health` decides."""

    def __init__(
        self,
        proposal: Proposal,
        process: TrainerProcess,
        attempt: Attempt,
        health: HealthSection,
        grace_steps: int,
    ) -> None:
        self.proposal = proposal
        self.process = process
        self.attempt = attempt
        self.grace_steps = grace_steps
        self.history = History()
        self.best: events.Evaluation | None = None
        self.last_evaluation: events.Evaluation | None = None
        self.seen = Seen()
        self.verdict: Verdict | None = None
        self.stalled = False
        """Whether its trainer was killed because it had been silent for too long."""
        self.unstartable: str | None = None
        """Why its trainer could not be started, if so."""
        self.last_event_at: float | None = None
        """When this attempt's trainer said its last word, Unix seconds by its own clock."""
        self._health = health
        self._reader = EventReader(process.paths.events)
        self._of_earlier_attempts = True
        self._heard_at = time.monotonic()
        self._oom_kills = oom_kills()

    @property
    def number(self) -> int:
        """The trial's number."""
        return self.proposal.number

    @property
    def name(self) -> str:
        """``trial 3`` or ``probe 1``."""
        return self.proposal.name

    @property
    def silent_seconds(self) -> float:
        """How long ago the last event came."""
        return time.monotonic() - self._heard_at

    @property
    def stop_grace_seconds(self) -> float:
        """How long it may take to leave: a few steps, where those are slow."""
        pace = self.seen.steps_per_second
        return max(STOP_GRACE_SECONDS, _STOP_STEPS / pace) if pace else STOP_GRACE_SECONDS

    @property
    def exit_code(self) -> int | None:
        """Of the trainer that has ended, by the system or by its last event; ``None``: unseen.

        A signal that met it after its last event has changed nothing.
        """
        code = self.process.exit_code
        if (code is None or code < 0) and self.seen.ended is not None:
            return int(self.seen.ended)
        return code

    def poll(self, prune: Prune) -> Iterator[events.Event]:
        """Yield the new events up to the one that decides against the trial, then stop it."""
        for event in self._new_events():
            if self.verdict is not None:
                return
            self._take(event, prune)
            yield event
        if self.verdict is not None:
            self.process.request_stop()

    def outcome(self) -> Outcome:
        """What became of the trial, once its process has ended and its events are read."""
        if self.unstartable is not None:
            return Outcome(TrialState.PAUSED, Reason.STOPPED, {"message": self.unstartable})
        diverged = self.history.diverged
        return decide(
            self.verdict,
            self.exit_code,
            stop_requested=self.process.stop_requested,
            stalled=self.stalled,
            out_of_memory=oom_kills() > self._oom_kills,
            message=self.seen.message,
            divergence=reason_of(diverged) if diverged else Reason.NON_FINITE,
        )

    def assessment(self, reason: Reason | None = None) -> Assessment:
        """How the trial stands; ``reason``: why it ended early, if it did."""
        return assess(self.history, self._health, self.grace_steps, reason=reason)

    def give_up(self, reason: Reason, evidence: Mapping[str, Any]) -> None:
        """Prune the trial for a reason from outside."""
        if self.verdict is None:
            self.verdict = Verdict(reason, self.seen.step, evidence)
            self.process.request_stop()

    def give_up_on_silence(self) -> Path | None:
        """Kill a trainer that says nothing any more; where it was is in the file that is returned.

        ``None`` where that could not be written.
        """
        self.stalled = True
        report = None
        if self.process.pid is not None:
            with suppress(OSError):  # on a full disk: it is killed all the same
                report = dump_stacks(self.process.pid, self.process.paths)
        self.process.kill()
        return report

    def _new_events(self) -> Iterator[events.Event]:
        if self._of_earlier_attempts:
            yield from self._reader.poll(until=self.attempt.events_offset)
            self._of_earlier_attempts = False
            self.seen = replace(self.seen, first_step=None, ended=None, message="")
        for event in self._reader.poll():
            self._heard_at, self.last_event_at = time.monotonic(), event.time
            yield event

    def _take(self, event: events.Event, prune: Prune) -> None:
        self.history = self.history.after(event)
        self._note(event)
        self.verdict = judge(self.history, self._health, self.grace_steps)
        if isinstance(event, events.Evaluation):
            evidence = prune(self, event)
            if evidence is not None and self.verdict is None:
                self.verdict = Verdict(Reason.STATISTICAL, event.step, evidence)
        if self.verdict is not None:
            self.process.request_stop()

    def _note(self, event: events.Event) -> None:
        match event:
            case events.Started():
                self.seen = replace(
                    self.seen, first_step=event.step, step=event.step, steps=event.steps
                )
            case events.Rescued():
                self.seen = replace(self.seen, step=event.to_step)
            case events.Step(skipped=True):
                self.seen = replace(self.seen, step=event.step)
            case events.Step():
                self.seen = replace(
                    self.seen,
                    step=event.step,
                    loss=event.metrics.get("train.loss"),
                    gradient_norm=event.metrics.get("gradient.norm"),
                    steps_per_second=event.metrics.get("system.steps_per_second"),
                )
            case events.Evaluation():
                self.last_evaluation = event
                if event.best:
                    self.best = event
            case events.Ended():
                ended = TrainerExit[event.exit.upper()]
                self.seen = replace(self.seen, ended=ended, message=event.message)
