"""Studies that are disturbed: in folders of their own, with a corpus that is made in no time."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .study import Study

NewStudy = Callable[..., Study]
_RATE, _SECONDS, _UTTERANCES = 22050, 1.0, 12


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of tones: nobody learns from it, but the controller looks at it at each start."""
    folder = tmp_path_factory.mktemp("tones")
    (folder / "wavs").mkdir()
    time = np.arange(int(_RATE * _SECONDS)) / _RATE
    lines = []
    for number in range(_UTTERANCES):
        samples = (8000 * np.sin(2 * np.pi * (200 + 20 * number) * time)).astype("<i2")
        with wave.open(str(folder / "wavs" / f"tone{number}.wav"), "wb") as file:
            file.setparams((1, 2, _RATE, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
        lines.append(f"tone{number}|This is the tone of number {number}.\n")
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def new_study(tones: Path, tmp_path: Path) -> NewStudy:
    """Makes the folder of a study; on SQLite, unless it is given the URL of a database."""

    def make(name: str, url: str | None = None, **options: Any) -> Study:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "speech").symlink_to(tones)
        return Study(folder, url or f"sqlite:///{folder}/smart_tuner.db", **options)

    return make
