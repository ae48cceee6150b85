"""Trials one after another."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

TuneConfig = RunConfig = SimpleNamespace
_reported: list[dict[str, float]] = []
_begun: list[int] = []


class Results(list[dict[str, float]]):
    num_errors = 0
    errors = ()


class Tuner:
    def __init__(
        self,
        trainable: Callable[[dict[str, float]], None],
        param_space: dict[str, float],
        tune_config: SimpleNamespace,
        run_config: SimpleNamespace,
    ) -> None:
        self.trainable, self.params, self.config = trainable, param_space, tune_config

    def fit(self) -> Results:
        for number in range(self.config.num_samples):
            _begun.append(number)
            self.trainable(self.params)
        return Results(_reported)


def with_resources(trainable: Any, resources: dict[str, float]) -> Any:
    assert resources == {"cpu": 1}
    return trainable


def uniform(low: float, high: float) -> float:
    return (low + high) / 2


def get_context() -> SimpleNamespace:
    return SimpleNamespace(get_trial_id=lambda: f"trial-{_begun[-1]}")


def report(metrics: dict[str, float]) -> None:
    assert metrics["quality"] > 0
    _reported.append(metrics)
