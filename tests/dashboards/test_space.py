import math
from typing import Any

import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from dashboards.space import could_be_drawn, distribution, drawn, range_text

LOG = {"type": "float", "low": 1e-3, "high": 0.1, "log": True, "step": None}
STEPPED = {"type": "float", "low": 0.0, "high": 1.0, "log": False, "step": 0.25}
WHOLE = {"type": "int", "low": 1, "high": 8, "log": False, "step": 1}
CHOICE = {"type": "categorical", "choices": [[16, 16], "big", True]}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LOG, "0.001 to 0.1, log scale"),
        (STEPPED, "0 to 1 in steps of 0.25"),
        (WHOLE, "1 to 8"),
        (CHOICE, "one of [16, 16], big, True"),
    ],
)
def test_ranges_in_words(entry: dict[str, Any], words: str) -> None:
    assert range_text(entry) == words


@pytest.mark.parametrize(
    ("entry", "values", "expected"),
    [
        (LOG, [0.01], FloatDistribution(1e-3, 0.1, log=True)),
        (LOG, [0.5, 1e-4], FloatDistribution(1e-4, 0.5, log=True)),
        (WHOLE, [12], IntDistribution(1, 12)),
        (
            CHOICE,
            [[16, 16], "small"],
            CategoricalDistribution(["[16, 16]", "big", "True", "small"]),
        ),
    ],
    ids=["within", "beyond", "whole", "choices"],
)
def test_distributions_hold_what_was_tried(
    entry: dict[str, Any], values: list[Any], expected: BaseDistribution
) -> None:
    made = distribution(entry, values)
    assert made == expected
    assert all(made._contains(made.to_internal_repr(drawn(entry, value))) for value in values)


@pytest.mark.parametrize(
    ("entry", "value", "can"),
    [
        (LOG, 5.0, True),
        (LOG, 0.0, False),
        (STEPPED, 0.0, True),
        (STEPPED, math.nan, False),
        (STEPPED, None, False),
        (STEPPED, "0.5", False),
        (WHOLE, True, False),
        (CHOICE, None, False),
        (CHOICE, "other", True),
    ],
)
def test_what_no_range_holds(entry: dict[str, Any], value: Any, can: bool) -> None:
    assert could_be_drawn(entry, value) is can
