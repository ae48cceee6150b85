import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("SMART_TUNER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def study_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes ``study.yaml`` into an empty working directory and gives its relative path."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        Path("study.yaml").write_text(text, encoding="utf-8")
        return Path("study.yaml")

    return write
