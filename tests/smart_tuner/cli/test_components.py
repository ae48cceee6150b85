import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.components import CRITICAL, MLFLOW_LOGGER
from smart_tuner.exit_codes import TunerExit

Cli = Callable[..., Any]


def test_a_table_for_people(cli: Cli) -> None:
    said = cli("components", "--preset", "demo")
    assert (said.code, said.err) == (TunerExit.FINISHED, "")
    for name in (*CRITICAL, MLFLOW_LOGGER):
        assert name in said.out
    words = " ".join(said.out.split())
    assert "safe DDC loss off use_ddc=False" in words
    assert "MLflow logger on sinks.mlflow=True" in words
    assert "grad_norm_critical=20" in words
    assert "guide_g=0.3 (searched)" in words


def test_json_for_programs(cli: Cli) -> None:
    Path("my.yaml").write_text(
        "study: {rescue: true}\ntrainer: {hparams: {use_ddc: true}}\n", encoding="utf-8"
    )
    said = cli("components", "--config", "my.yaml", "--json")
    listed = {one["name"]: one for one in json.loads(said.out)}
    assert tuple(listed) == (*CRITICAL, MLFLOW_LOGGER)
    assert all(one["on"] for one in listed.values())
    assert listed["rescue"]["settings"] == {
        "rescue": True,
        "max_restarts": 3,
        "rescue_factor": 0.5,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "demmo"], "did you mean 'demo'?"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: no such file"),
    ],
)
def test_wrong_options_are_one_line(options: list[str], message: str, cli: Cli) -> None:
    said = cli("components", *options)
    assert (said.code, said.out) == (TunerExit.BAD_INPUT, "")
    assert message in said.err
    assert said.err.count("\n") == 1
