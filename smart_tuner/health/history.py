"""What a trial's events have said so far, as far as health rules need it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

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


@dataclass(frozen=True)
class History:
    """Built up by :meth:`after`, event by event; a pure value that rules look at."""

    steps: tuple[StepSeen, ...] = ()
    """The most recent ones, oldest first, at most :data:`RECENT_STEPS`."""
    evaluations: tuple[EvaluationSeen, ...] = ()
    """All of them, oldest first."""
    baseline_mel_l1: float | None = None
    """L1 on the held-out set of the per-bin mean of the training mels."""
    n_frames_per_step: int = 1
    rescue: bool = False
    """Whether the trainer tries to mend an explosion by itself, and leaves where it can't."""
    max_restarts: int = 3
    learning_rate: float | None = None
    """As asked for, before schedule and adapter."""
    restarts: Restarts = field(default_factory=Restarts)
    diverged: Diverged | None = None

    def after(self, event: Event) -> Self:
        """The history with one more event; events that no rule looks at change nothing.

        A step that the loss scaler skipped says what fp16 can hold, and nothing of the training.
        """
        match event:
            case Step(skipped=True):
                return self
            case Step():
                return replace(self, steps=(*self.steps, _step_seen(event))[-RECENT_STEPS:])
            case Evaluation():
                seen = EvaluationSeen(event.step, dict(event.metrics))
                return replace(self, evaluations=(*self.evaluations, seen))
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
    def effective_learning_rate(self) -> float | None:
        """What became of :attr:`learning_rate` by rescues and adaptations."""
        return None if self.learning_rate is None else self.learning_rate * self.restarts.factor

    def _started(self, event: Started) -> Self:
        hparams = event.hparams
        return replace(
            self._up_to(event.step),
            baseline_mel_l1=event.baseline_mel_l1,
            n_frames_per_step=int(hparams.get("n_frames_per_step", 1)),
            rescue=bool(hparams.get("rescue", False)),
            max_restarts=int(hparams.get("max_restarts", 3)),
            learning_rate=hparams.get("learning_rate"),
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


def _step_seen(event: Step) -> StepSeen:
    metrics = event.metrics
    return StepSeen(event.step, metrics.get("train.loss"), metrics.get("gradient.norm"))
