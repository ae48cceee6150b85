import math
import random
from typing import Any

import pytest

from dashboards.importance import FEWEST, every, importance
from storage.endings import Tried

SPACE: dict[str, Any] = {
    "strong": {"type": "float", "low": 0.0, "high": 1.0, "log": False, "step": None},
    "weak": {"type": "float", "low": 0.0, "high": 1.0, "log": False, "step": None},
    "kind": {"type": "categorical", "choices": [[1], [2]]},
}


def trials(n: int, **params: Any) -> list[Tried]:
    draw = random.Random(0)
    found = []
    for _ in range(n):
        known = {"strong": draw.random(), "weak": draw.random(), "kind": draw.choice([[1], [2]])}
        value = -abs(known["strong"] - 0.7) + 0.01 * known["weak"]
        found.append(Tried({**known, **params}, (value, -value)))
    return found


@pytest.mark.parametrize(("direction", "objective"), [("maximize", 0), ("minimize", 1)])
def test_what_makes_a_trial_good_comes_first(direction: str, objective: int) -> None:
    shares = importance(SPACE, trials(60), direction, objective)
    assert next(iter(shares)) == "strong"
    assert shares["strong"] > 0.6
    assert math.isclose(sum(shares.values()), 1.0)
    assert set(shares) == set(SPACE)


def test_a_few_trials_already_tell() -> None:
    shares = importance(SPACE, trials(FEWEST), "maximize")
    assert len(set(shares.values())) > 1


@pytest.mark.parametrize(
    ("space", "known"),
    [
        (SPACE, trials(FEWEST - 1)),
        (SPACE, [Tried(one.params, (0.5,)) for one in trials(20)]),
        (SPACE, [Tried(one.params, (math.nan,)) for one in trials(20)]),
        ({}, trials(20)),
        ({"new": SPACE["weak"]}, trials(20)),
    ],
    ids=["too few", "all alike", "no values", "no space", "never tried"],
)
def test_where_nothing_can_be_said_nothing_is(space: dict[str, Any], known: list[Tried]) -> None:
    assert importance(space, known, "maximize") == {}


def test_what_some_trials_lack_is_left_out() -> None:
    known = [*trials(20), Tried({"strong": 2.0, "weak": math.nan, "kind": "other"}, (0.1,))]
    assert set(importance(SPACE, known, "maximize")) == {"strong", "kind"}


def test_of_thousands_some_are_looked_at() -> None:
    assert [every(n) for n in (0, 2000, 2001, 10_000)] == [1, 1, 2, 5]
    assert next(iter(importance(SPACE, trials(4001), "maximize"))) == "strong"
