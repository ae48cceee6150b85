"""What a trial's events have said so far, as far as health rules need it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from smart_tuner.health.restarts import Restarts
from trainer.events import Diverged, Evaluation, Event, Rescued, Started, Step

RECENT_STEPS = 200
"""Steps that are remembered: the widest window a rule may ask for."""


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One optimiser step: its loss and its gradient norm before clipping, where it had one."""

    step: int
    loss: float | None
    gradient_norm: float | None


@dataclass(frozen=True, slots=True)
class EvaluationSeen:
    """One validation: every score by its METRICS name."""

    step: int
    metrics: Mapping[str, float]
    best: bool = False
    """Whether it was the best until then: what ``best.pt`` holds."""
    highest_norm: float | None = None
    """The highest gradient norm since the evaluation before; ``None``: no step had one."""


@dataclass(frozen=True)
class History:
    """Built up by :meth:`after`, event by event; a pure value that rules look at."""

    steps: tuple[StepSeen, ...] = ()
    """The most recent ones, oldest first, at most :data:`RECENT_STEPS`."""
    evaluations: tuple[EvaluationSeen, ...] = ()
    """All of them, oldest first."""
    baseline_mel_l1: float | None = None
    """L1 on the held-out set of the per-bin mean of the training mels."""
    hparams: Mapping[str, Any] = field(default_factory=dict)
    """The newest process's, all of them; empty before the first one began."""
    restarts: Restarts = field(default_factory=Restarts)
    starts: tuple[int, ...] = ()
    """The step at which each process began to train, the first one's first."""
    diverged: Diverged | None = None
    highest_norm: float | None = None
    """Since the last evaluation, also of steps that a rescue took back."""

    def after(self, event: Event) -> Self:
        """The history with one more event; events that no rule looks at change nothing.

        A step that the loss scaler skipped says what fp16 can hold, and nothing of the training.
        """
        match event:
            case Step(skipped=True):
                return self
            case Step():
                return self._stepped(_step_seen(event))
            case Evaluation():
                metrics = dict(event.metrics)
                seen = EvaluationSeen(event.step, metrics, event.best, self.highest_norm)
                return replace(self, evaluations=(*self.evaluations, seen), highest_norm=None)
            case Started():
                return self._started(event)
            case Rescued():
                return replace(self._up_to(event.to_step), restarts=self.restarts.after(event))
            case Diverged():
                return replace(self, diverged=event)
            case _:
                restarts = self.restarts.after(event)
                return self if restarts is self.restarts else replace(self, restarts=restarts)

    @property
    def n_frames_per_step(self) -> int:
        """The reduction factor."""
        return int(self.hparams.get("n_frames_per_step", 1))

    @property
    def rescue(self) -> bool:
        """Whether the trainer tries to mend an explosion by itself, and leaves where it can't."""
        return bool(self.hparams.get("rescue", False))

    @property
    def max_restarts(self) -> int:
        """Rescues in a row before the trainer leaves as diverged."""
        return int(self.hparams.get("max_restarts", 3))

    @property
    def effective_learning_rate(self) -> float | None:
        """What became of the learning rate that was asked for by rescues and adaptations."""
        asked = self.hparams.get("learning_rate")
        return None if asked is None else float(asked * self.restarts.factor)

    @property
    def newest_step(self) -> int:
        """The newest step or evaluation; 0 before the first."""
        return max((seen[-1].step for seen in (self.steps, self.evaluations) if seen), default=0)

    @property
    def best_evaluation(self) -> EvaluationSeen | None:
        """What ``best.pt`` holds; the newest one where none is marked as the best."""
        marked = [seen for seen in self.evaluations if seen.best]
        known = marked or self.evaluations
        return known[-1] if known else None

    @property
    def resumed_attempts(self) -> int:
        """Processes after the first one."""
        return max(0, len(self.starts) - 1)

    @property
    def restarts_at_zero(self) -> int:
        """How often everything was lost: a process or a rescue that began again at step 0."""
        again = sum(step == 0 for step in self.starts[1:])
        return again + sum(rescued.to_step == 0 for rescued in self.restarts.seen)

    def _stepped(self, seen: StepSeen) -> Self:
        return replace(
            self,
            steps=(*self.steps, seen)[-RECENT_STEPS:],
            highest_norm=_higher(self.highest_norm, seen.gradient_norm),
        )

    def _started(self, event: Started) -> Self:
        return replace(
            self._up_to(event.step),
            hparams=dict(event.hparams),
            starts=(*self.starts, event.step),
            baseline_mel_l1=event.baseline_mel_l1,
            diverged=None,
        )

    def _up_to(self, step: int) -> Self:
        """Resumed or rescued, training repeats what came after ``step``: that is forgotten."""
        return replace(
            self,
            steps=tuple(seen for seen in self.steps if seen.step <= step),
            evaluations=tuple(seen for seen in self.evaluations if seen.step <= step),
        )


def history_of(events: Iterable[Event]) -> History:
    """The history that ``events`` make, in their order."""
    history = History()
    for event in events:
        history = history.after(event)
    return history


def _higher(one: float | None, other: float | None) -> float | None:
    """Of two norms; what is not finite is higher than any."""
    known = [norm for norm in (one, other) if norm is not None]
    broken = [norm for norm in known if not math.isfinite(norm)]
    return broken[0] if broken else max(known, default=None)


def _step_seen(event: Step) -> StepSeen:
    metrics = event.metrics
    return StepSeen(event.step, metrics.get("train.loss"), metrics.get("gradient.norm"))
