import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from smart_tuner.config import StudyConfig, load_config, study_template
from smart_tuner.config.pruner_section import PrunerSection
from smart_tuner.config.sampler_section import SamplerSection


def test_it_loads_as_the_documented_defaults(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(study_template(), encoding="utf-8")
    config = load_config(file, {}, environ={})
    assert config == StudyConfig(probes=[])
    assert config.storage == StudyConfig().storage
    assert config.mlflow == StudyConfig().mlflow


def test_it_shows_every_key() -> None:
    shown = _keys(yaml.safe_load(study_template()))
    optional = {f"space.{name}.step" for name in StudyConfig().space}
    optional |= {f"space.{name}.log" for name in StudyConfig().space}
    expected = _keys(StudyConfig().record()) | {"storage.url", "mlflow.tracking_uri"}
    assert shown - optional == expected - optional


@pytest.mark.parametrize("union", [SamplerSection, PrunerSection])
def test_it_names_every_kind_with_its_options(union: Any) -> None:
    for model in union.__origin__.__args__:
        kind = model.model_fields["kind"].annotation.__args__[0]
        assert re.search(rf"^ +(# )?kind: {kind}\b", study_template(), re.MULTILINE), kind
        for option in model.model_fields:
            assert re.search(rf"\b{option}: ", study_template()), option


def test_its_commented_alternatives_are_valid(tmp_path: Path) -> None:
    space = [
        line.replace("# ", "", 1)
        for line in study_template().splitlines()
        if re.match(r"  # \w+: \{type", line)
    ]
    assert len(space) == 2
    file = tmp_path / "study.yaml"
    file.write_text("\n".join(["space:", *space]), encoding="utf-8")
    assert set(load_config(file, {}, environ={}).space) == {"n_frames_per_step", "warmup_steps"}


def test_lines_fit_an_editor() -> None:
    assert max(map(len, study_template().splitlines())) <= 100


def _keys(values: Any, prefix: str = "") -> set[str]:
    if not isinstance(values, dict):
        return {prefix.removesuffix(".")}
    if not values:
        return {prefix.removesuffix(".")}
    return set().union(*(_keys(value, f"{prefix}{name}.") for name, value in values.items()))
