"""The tables of hyperparameters against the presets."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from trainer.hparams import PRESETS, HParams

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
TABLES = TEXT.partition("## Hyperparameters")[2].partition("\n## ")[0]


def said(cell: str) -> Any:
    value = yaml.safe_load(cell.strip("`"))
    return float(value) if re.fullmatch(r"[\d.]+e-?\d+", str(value)) else value


def documented(name: str) -> dict[str, Any]:
    """The values of both presets, as the tables say."""
    (row,) = re.findall(rf"^\| `{name}` \| (.*?) \| (.*?) ?\| .*\|$", TABLES, re.MULTILINE)
    published, demo = (cell.strip() for cell in row)
    return {"tacotron2": said(published), "demo": said(demo or published)}


@pytest.mark.parametrize("name", HParams.model_fields)
def test_the_presets_values_are_the_documented_ones(name: str) -> None:
    for preset in PRESETS:
        value = HParams.preset(preset).model_dump(mode="json")[name]
        assert documented(name)[preset] == value, preset
