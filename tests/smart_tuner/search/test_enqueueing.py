import json
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.config.parameters import Parameter
from smart_tuner.search.enqueueing import checked_params, read_space
from trainer.exit_codes import BadInputError
from trainer.hparams.parsing import parse_assignments


@pytest.fixture
def space() -> dict[str, Parameter]:
    """A space of every kind, as it is stored."""
    config = StudyConfig(
        space={
            "learning_rate": {"type": "float", "low": 1e-3, "high": 2e-2, "log": True},
            "guide_g": {"type": "float", "low": 0.2, "high": 0.4, "step": 0.05},
            "warmup_steps": {"type": "int", "low": 0, "high": 400, "step": 100},
            "n_frames_per_step": {"type": "categorical", "choices": [2, 3, 5]},
            "weight_decay": {"type": "categorical", "choices": [0.0, 1e-6]},
            "schedule": {"type": "categorical", "choices": ["constant", "cosine"]},
            "use_gst": {"type": "categorical", "choices": [True, False]},
        }
    )
    return read_space(json.loads(json.dumps(config.record())))


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("learning_rate=1e-3", {"learning_rate": 0.001}),
        ("learning_rate=0.02, guide_g=0.35", {"learning_rate": 0.02, "guide_g": 0.35}),
        ("warmup_steps=400", {"warmup_steps": 400}),
        ("n_frames_per_step=3,weight_decay=1e-6", {"n_frames_per_step": 3, "weight_decay": 1e-6}),
        ("schedule=cosine,use_gst=false", {"schedule": "cosine", "use_gst": False}),
    ],
)
def test_values_as_the_study_draws_them(
    text: str, params: dict[str, Any], space: dict[str, Parameter]
) -> None:
    typed = checked_params(space, parse_assignments(text))
    assert typed == params
    assert [type(value) for value in typed.values()] == [type(v) for v in params.values()]
    assert checked_params(space, typed) == typed


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, ["nothing to try: name at least one of guide_g, learning_rate, "]),
        (
            {"lerning_rate": 1},
            [
                "'lerning_rate' is not searched in this study; did you mean 'learning_rate'?; ",
                "searched are guide_g, learning_rate, n_frames_per_step, schedule, use_gst, ",
            ],
        ),
        (
            {"learning_rate": "0.1"},
            ["learning_rate=0.1 lies outside its range (float 0.001 … 0.02, log): choose a value"],
        ),
        ({"guide_g": "0.33"}, ["guide_g=0.33 lies outside its range (float 0.2 … 0.4, step 0.05)"]),
        ({"warmup_steps": 50}, ["warmup_steps=50 lies outside its range (int 0 … 400, step 100)"]),
        ({"n_frames_per_step": 4}, ["n_frames_per_step=4 ", "(one of 2, 3, 5): choose"]),
    ],
)
def test_what_is_wrong_is_one_line(
    params: dict[str, Any], words: list[str], space: dict[str, Parameter]
) -> None:
    with pytest.raises(BadInputError) as raised:
        checked_params(space, params)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("name", ["learning_rate", "guide_g", "warmup_steps", "n_frames_per_step"])
@pytest.mark.parametrize(
    "value",
    ["", "much", "nan", "inf", "-inf", float("nan"), float("inf"), True, None, [1], 10**40],
)
def test_nothing_else_is_a_value(name: str, value: Any, space: dict[str, Parameter]) -> None:
    with pytest.raises(BadInputError, match="outside its range"):
        checked_params(space, {name: value})


@pytest.mark.parametrize("value", [1, 0, "yes", None])
def test_true_and_false_are_no_numbers(value: Any, space: dict[str, Parameter]) -> None:
    with pytest.raises(BadInputError, match=r"one of True, False"):
        checked_params(space, {"use_gst": value})


def test_a_study_without_a_space_yet() -> None:
    with pytest.raises(BadInputError, match="searched are none"):
        checked_params(read_space({}), {"learning_rate": 1})
