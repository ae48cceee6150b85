"""One running trial: its process, what its events say, and whether it may go on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from smart_tuner.health import HealthSection, History, Reason, Verdict, judge
from smart_tuner.health.explosion import reason_of
from smart_tuner.outcome import Outcome, decide
from smart_tuner.proposals import Proposal
from smart_tuner.trainer_process import TrainerProcess
from trainer import events
from trainer.events import EventReader

Prune = Callable[["TrialRun", events.Evaluation], Mapping[str, float] | None]
"""Reports an evaluation; where the trial is worse than its peers, the values that decided."""


@dataclass(frozen=True)
class Seen:
    """The newest numbers of a trial."""

    step: int = 0
    steps: int = 0
    loss: float | None = None
    gradient_norm: float | None = None
    steps_per_second: float | None = None
    message: str = ""


class TrialRun:
    """Follows one trainer; decides nothing but what :mod:`smart_tuner.health` decides."""

    def __init__(
        self,
        proposal: Proposal,
        process: TrainerProcess,
        health: HealthSection,
        grace_steps: int,
    ) -> None:
        self.proposal = proposal
        self.process = process
        self.history = History()
        self.best: events.Evaluation | None = None
        self.seen = Seen()
        self.verdict: Verdict | None = None
        self._health = health
        self._grace_steps = grace_steps
        self._reader = EventReader(process.paths.events)

    @property
    def number(self) -> int:
        """The trial's number."""
        return self.proposal.number

    @property
    def name(self) -> str:
        """``trial 3`` or ``probe 1``."""
        return self.proposal.name

    @property
    def last_evaluation(self) -> events.Evaluation | None:
        """The newest evaluation."""
        return self._last_evaluation

    _last_evaluation: events.Evaluation | None = None

    def poll(self, prune: Prune) -> Iterator[events.Event]:
        """Yield the new events up to the one that decides against the trial, then stop it."""
        for event in self._reader.poll():
            if self.verdict is not None:
                return
            self._take(event, prune)
            yield event
        if self.verdict is not None:
            self.process.request_stop()

    def outcome(self, exit_code: int) -> Outcome:
        """What became of the trial, once its process has ended and its events are read."""
        diverged = self.history.diverged
        return decide(
            self.verdict,
            exit_code,
            self.process.stop_requested,
            self.seen.message,
            reason_of(diverged) if diverged else Reason.NON_FINITE,
        )

    def give_up(self, reason: Reason) -> None:
        """Prune the trial for a reason from outside."""
        if self.verdict is None:
            self.verdict = Verdict(reason, self.seen.step, {})
            self.process.request_stop()

    def _take(self, event: events.Event, prune: Prune) -> None:
        self.history = self.history.after(event)
        self._note(event)
        self.verdict = judge(self.history, self._health, self._grace_steps)
        if isinstance(event, events.Evaluation):
            evidence = prune(self, event)
            if evidence is not None and self.verdict is None:
                self.verdict = Verdict(Reason.STATISTICAL, event.step, evidence)
        if self.verdict is not None:
            self.process.request_stop()

    def _note(self, event: events.Event) -> None:
        match event:
            case events.Started():
                self.seen = replace(self.seen, step=event.step, steps=event.steps)
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
                self._last_evaluation = event
                if event.best:
                    self.best = event
            case events.Ended():
                self.seen = replace(self.seen, message=event.message)
