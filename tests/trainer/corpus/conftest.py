"""Small corpora on disk: real files, tones for speech."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

Tone = Callable[..., npt.NDArray[np.float32]]
WriteCorpus = Callable[..., Path]

WORDS = ("red", "small", "happy", "young", "green", "quiet", "clever", "bright", "old", "round")


@pytest.fixture
def tone() -> Tone:
    """A tone of ``seconds`` at ``rate`` Hz with peak ``level``."""

    def make(
        seconds: float = 0.6, rate: int = 22_050, hertz: float = 220.0, level: float = 0.5
    ) -> npt.NDArray[np.float32]:
        time = np.arange(round(seconds * rate)) / rate
        return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)

    return make


@pytest.fixture
def write_corpus(tmp_path: Path, tone: Tone) -> WriteCorpus:
    """Writes an LJSpeech folder: ``n`` tones, ids ``u00``..., texts distinct unless given."""

    def write(n: int = 12, texts: Mapping[int, str] | None = None, name: str = "corpus") -> Path:
        root = tmp_path / name
        (root / "wavs").mkdir(parents=True)
        rows = []
        for i in range(n):
            text = (texts or {}).get(i, f"the {WORDS[i % 10]} {WORDS[i // 10]} dog waits.")
            rows.append(f"u{i:02d}|{text}")
            samples = tone(seconds=0.05 * max(len(text) or 22, 4), hertz=150 + i)
            soundfile.write(root / "wavs" / f"u{i:02d}.wav", samples, 22_050, subtype="PCM_16")
        (root / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return root

    return write
