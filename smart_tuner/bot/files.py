"""The pictures and sounds of trials, as Telegram takes them."""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

VOICE_RATE = 24_000
"""Hz: one of the few rates that Opus knows, near the 22,050 of the voices."""
_SILENCE_SECONDS = 0.05


class RunFiles:
    """Finds the files of runs.

    Args:
        runs: where ``<study>/<number>`` lie when they are not where they were made: in a
            container, on another machine; ``None``: nowhere else.
    """

    def __init__(self, runs: Path | None = None) -> None:
        self._runs = runs

    def find(self, study: str, number: int, run_dir: str | None, path: str | None) -> Path | None:
        """A file of a run that has something in it; ``None`` where there is none any more."""
        if path is None:
            return None
        candidates = [Path(path)]
        if self._runs is not None and run_dir is not None:
            inside = _inside(Path(path), Path(run_dir))
            if inside is not None:
                candidates.append(self._runs / study / str(number) / inside)
        return next((one for one in candidates if _holds_something(one)), None)


def voice_message(wav: Path) -> bytes:
    """A recording as OGG/Opus, mono, at :data:`VOICE_RATE`.

    Raises:
        soundfile.LibsndfileError: ``wav`` is no recording.
    """
    samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)  # [n_samples, channels]
    mono = samples.mean(axis=1)
    resampled = soxr.resample(mono, rate, VOICE_RATE) if len(mono) else mono
    padded = np.pad(resampled, (0, round(_SILENCE_SECONDS * VOICE_RATE)))  # never empty
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(padded, -1, 1), VOICE_RATE, format="OGG", subtype="OPUS")
    return buffer.getvalue()


def _inside(path: Path, folder: Path) -> Path | None:
    return path.relative_to(folder) if path.is_relative_to(folder) else None


def _holds_something(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
