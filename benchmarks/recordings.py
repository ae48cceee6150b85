"""A corpus of noise in the rhythm of speech: what loading costs does not hang on what is said."""

from pathlib import Path

import numpy as np
import soundfile

N_RECORDINGS = 24
SAMPLING_RATE = 22050
_SHORTEST_S, _LONGEST_S = 1.5, 6.0
_WORDS = ("a", "quiet", "river", "under", "the", "old", "bridge", "carries", "seven", "boats")


def make_recordings(folder: Path) -> Path:
    """Write an LJSpeech layout, the same in every run, and return it."""
    random = np.random.default_rng(7)
    (folder / "wavs").mkdir(parents=True)
    rows = []
    for i, seconds in enumerate(np.linspace(_SHORTEST_S, _LONGEST_S, N_RECORDINGS)):
        name = f"noise-{i:02d}"
        sound = noise(float(seconds), random)
        soundfile.write(folder / "wavs" / f"{name}.wav", sound, SAMPLING_RATE, subtype="PCM_16")
        rows.append(f"{name}|{' '.join(random.choice(_WORDS, 6))} {'and ' * i}on.\n")
    (folder / "metadata.csv").write_text("".join(rows), encoding="utf-8")
    return folder


def noise(seconds: float, random: np.random.Generator) -> np.ndarray:
    """[L] float32 samples in [-1, 1] at 22.05 kHz, swelling four times a second."""
    n = round(seconds * SAMPLING_RATE)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4.0 * np.arange(n) / SAMPLING_RATE)
    sound: np.ndarray = (0.1 * swell * random.standard_normal(n)).clip(-1.0, 1.0).astype("float32")
    return sound
