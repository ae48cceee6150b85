"""What a trial's events have said so far, as far as health rules need it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from trainer.events import Diverged, Evaluation, Event, Started, Step

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
    diverged: Diverged | None = None

    def after(self, event: Event) -> Self:
        """The history with one more event; events that no rule looks at change nothing."""
        match event:
            case Step():
                return replace(self, steps=(*self.steps, _step_seen(event))[-RECENT_STEPS:])
            case Evaluation():
                seen = EvaluationSeen(event.step, dict(event.metrics))
                return replace(self, evaluations=(*self.evaluations, seen))
            case Started():
                return self._restarted(event)
            case Diverged():
                return replace(self, diverged=event)
            case _:
                return self

    def _restarted(self, event: Started) -> Self:
        """A resumed process repeats what came after its checkpoint: that is forgotten here."""
        return replace(
            self,
            steps=tuple(seen for seen in self.steps if seen.step <= event.step),
            evaluations=tuple(seen for seen in self.evaluations if seen.step <= event.step),
            baseline_mel_l1=event.baseline_mel_l1,
            n_frames_per_step=_reduction_factor(event.hparams),
            diverged=None,
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


def _reduction_factor(hparams: Mapping[str, Any]) -> int:
    return int(hparams.get("n_frames_per_step", 1))
