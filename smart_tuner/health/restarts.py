"""How often a trial was rescued, and what became of its learning rate."""

from dataclasses import dataclass, replace
from typing import Self

from trainer.events import Checkpoint, Event, LearningRateAdapted, Rescued


@dataclass(frozen=True)
class Restarts:
    """Built up by :meth:`after`, event by event."""

    seen: frozenset[Rescued] = frozenset()
    """Without their times: a resumed process that repeats a rescue adds none."""
    in_a_row: int = 0
    """Since training last came beyond the furthest failure."""
    factor: float = 1.0
    """Effective learning rate = schedule(step) times this."""

    @property
    def total(self) -> int:
        """Rescues so far."""
        return len(self.seen)

    def after(self, event: Event) -> Self:
        """With one more event; those that are about something else change nothing."""
        match event:
            case Rescued():
                seen = self.seen | {replace(event, time=0.0)}
                return replace(self, seen=seen, in_a_row=event.restarts, factor=event.factor)
            case LearningRateAdapted():
                return replace(self, factor=event.factor)
            case Checkpoint() if self.in_a_row and event.step > self._furthest:
                return replace(self, in_a_row=0)
            case _:
                return self

    @property
    def _furthest(self) -> int:
        return max((rescued.step for rescued in self.seen), default=0)
