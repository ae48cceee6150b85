from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from smart_tuner.config import StudyConfig
from smart_tuner.config.parameters import Parameter
from smart_tuner.config.space import describe, distributions, incompatible, starting_point
from trainer.hparams import HParams

GIVEN: dict[str, Any] = {
    "warmup_steps": {"type": "int", "low": 0, "high": 400, "step": 100},
    "batch_size": {"type": "int", "low": 4, "high": 64, "log": True},
    "learning_rate": {"type": "float", "low": "1e-3", "high": 2e-2, "log": True},
    "guide_g": {"type": "float", "low": 0.2, "high": 0.4, "step": 0.1},
    "n_frames_per_step": {"type": "categorical", "choices": [2, 3, 5]},
}


def space(**given: Any) -> dict[str, Parameter]:
    return StudyConfig(space=given or GIVEN).space


def test_optuna_gets_the_same_ranges_sorted_by_name() -> None:
    made = distributions(space())
    assert made == {
        "batch_size": IntDistribution(4, 64, log=True),
        "guide_g": FloatDistribution(0.2, 0.4, step=0.1),
        "learning_rate": FloatDistribution(1e-3, 2e-2, log=True),
        "n_frames_per_step": CategoricalDistribution((2, 3, 5)),
        "warmup_steps": IntDistribution(0, 400, step=100),
    }
    assert list(made) == sorted(made)


def test_described_in_a_few_words() -> None:
    assert describe(space()) == {
        "batch_size": "int 4 … 64, log",
        "guide_g": "float 0.2 … 0.4, step 0.1",
        "learning_rate": "float 0.001 … 0.02, log",
        "n_frames_per_step": "one of 2, 3, 5",
        "warmup_steps": "int 0 … 400, step 100",
    }


def test_the_presets_are_inside_their_default_spaces() -> None:
    for config in (StudyConfig(), StudyConfig(corpus="voice")):
        hparams = config.hparams()
        point = starting_point(config.space, hparams)
        assert point == {name: getattr(hparams, name) for name in sorted(config.space)}


def test_values_outside_are_left_to_the_sampler() -> None:
    hparams = HParams.preset("demo").model_copy(update={"warmup_steps": 150})
    assert starting_point(space(), hparams) == {
        "batch_size": hparams.batch_size,
        "guide_g": 0.3,
        "learning_rate": 6e-3,
        "n_frames_per_step": 3,
    }


CHANGES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"type": "int", "low": 1, "high": 8}, {"type": "int", "low": 2, "high": 16}, True),
    (
        {"type": "int", "low": 1, "high": 8},
        {"type": "int", "low": 1, "high": 8, "log": True},
        False,
    ),
    ({"type": "int", "low": 1, "high": 8}, {"type": "categorical", "choices": [1, 8]}, False),
    (
        {"type": "categorical", "choices": [1, 8]},
        {"type": "categorical", "choices": [1, 4, 8]},
        False,
    ),
    ({"type": "categorical", "choices": [1, 8]}, {"type": "categorical", "choices": [1, 8]}, True),
]


@pytest.mark.parametrize(("old", "new", "taken"), CHANGES)
def test_changes_that_optuna_takes(old: dict[str, Any], new: dict[str, Any], taken: bool) -> None:
    before, after = space(batch_size=old, guide_g=GIVEN["guide_g"]), space(batch_size=new)
    assert incompatible(before, after) == ([] if taken else ["batch_size"])
    study = optuna.create_study(storage="sqlite:///:memory:")
    study.ask(distributions(before))
    if taken:
        study.ask(distributions(after))
    else:
        with pytest.raises(ValueError, match=r"different|dynamic"):
            study.ask(distributions(after))
