"""The numbers of events as points of curves."""

from typing import NamedTuple

from trainer.events import Evaluation, Event, Step


class Point(NamedTuple):
    """One value of one metric."""

    name: str
    """As in METRICS: ``train.loss``."""
    value: float
    step: int
    time: float
    """When its event was written, Unix seconds."""


def points_of(event: Event) -> list[Point]:
    """Every number of a step or an evaluation; none of other events."""
    if not isinstance(event, Step | Evaluation):
        return []
    return [Point(name, value, event.step, event.time) for name, value in event.metrics.items()]
