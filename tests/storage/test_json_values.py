import json
import math

import pytest

from storage.json_values import decoded, encoded, finite
from storage.records import TrialState


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "NaN"], "ё": {"b": math.inf, "c": -math.inf}},
        [],
        "Infinity",
        None,
        -math.inf,
    ],
)
def test_survives_the_trip_through_json(value: object) -> None:
    text = json.dumps(encoded(value), allow_nan=False)

    assert decoded(json.loads(text)) == value


def test_nan_survives() -> None:
    text = json.dumps(encoded({"loss": math.nan}), allow_nan=False)

    assert math.isnan(decoded(json.loads(text))["loss"])


def test_finite_is_plain_json_for_others() -> None:
    value = {"loss": math.nan, "list": (1.0, math.inf), "state": TrialState.PRUNED}

    assert finite(value) == {"loss": None, "list": [1.0, None], "state": "pruned"}
    assert type(finite(TrialState.PRUNED)) is str
