import math

import pytest

from storage.ranking import pareto_front
from storage.records import TrialRecord


@pytest.mark.parametrize(
    ("values", "directions", "expected"),
    [
        ([], ["maximize"], []),
        ([(1.0,), (2.0,)], ["maximize"], [1]),
        ([(1.0,), (2.0,)], ["minimize"], [0]),
        ([(1.0, 1.0), (2.0, 2.0)], ["minimize", "maximize"], [0, 1]),
        ([(1.0, 1.0), (1.0, 2.0)], ["minimize", "minimize"], [0]),
        ([(1.0, 1.0), (1.0, 1.0)], ["minimize", "minimize"], [0, 1]),
        ([(math.nan, 9.0), (1.0, 1.0), None, (5.0,)], ["maximize", "maximize"], [1]),
    ],
)
def test_pareto_front(
    values: list[tuple[float, ...] | None], directions: list[str], expected: list[int]
) -> None:
    trials = [TrialRecord(study="s", number=n, values=v) for n, v in enumerate(values)]

    assert [trial.number for trial in pareto_front(trials, directions)] == expected
