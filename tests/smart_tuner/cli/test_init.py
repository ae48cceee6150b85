from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.config import load_config, study_template

FILE = Path("study.yaml")


def test_writes_what_start_reads(cli: Callable[..., Any]) -> None:
    said = cli("init")
    assert said.code == 0
    assert "smart-tuner start study --config study.yaml" in said.out
    assert FILE.read_text(encoding="utf-8") == study_template()
    assert load_config(FILE, {}, environ={}).study.trials == 12
    assert list(Path().iterdir()) == [FILE]


def test_overwrites_only_by_force(cli: Callable[..., Any]) -> None:
    FILE.write_text("mine")
    said = cli("init")
    assert (said.code, said.err) == (
        2,
        "error: study.yaml is here already: --force overwrites it\n",
    )
    assert FILE.read_text() == "mine"
    assert cli("init", "--force").code == 0
    assert FILE.read_text(encoding="utf-8") == study_template()


def test_where_nothing_can_be_written(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, text: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("smart_tuner.cli.init.write_text", refuse)
    said = cli("init")
    assert said.code == 2
    assert "study.yaml can't be written (Permission denied): go to a folder that can be" in said.err
