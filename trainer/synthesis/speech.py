"""A spoken text: its sentences, their failures, and their sound in one piece."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from trainer.exit_codes import BadInputError
from trainer.paths import atomic_path
from trainer.synthesis.failures import Failure
from trainer.synthesis.parts import Pause
from trainer.vocoder import Samples


@dataclass(frozen=True)
class SpokenSentence:
    """One sentence (or a piece of a long one) as it was spoken."""

    text: str
    n_symbols: int
    seconds: float
    """Without the pause after it."""
    attempts: int
    failures: tuple[Failure, ...]
    alignment_score: float

    def as_json(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "text": self.text,
            "symbols": self.n_symbols,
            "seconds": round(self.seconds, 3),
            "attempts": self.attempts,
            "failures": [str(failure) for failure in self.failures],
            "alignment_score": round(self.alignment_score, 4),
        }


@dataclass(frozen=True)
class Speech:
    """What became of one text."""

    text: str
    out: Path
    seconds: float
    """Of the WAV; 0 where nothing could be spoken and none was written."""
    sentences: tuple[SpokenSentence, ...]
    unknown: Mapping[str, int]
    """Symbols that the voice does not know, with their counts; left out."""

    @property
    def failed(self) -> list[SpokenSentence]:
        """The sentences that failed in every attempt."""
        return [sentence for sentence in self.sentences if sentence.failures]

    def as_json(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "text": self.text,
            "wav": str(self.out) if self.sentences else None,
            "seconds": round(self.seconds, 3),
            "unknown_symbols": dict(self.unknown),
            "sentences": [sentence.as_json() for sentence in self.sentences],
        }


def join(
    sounds: Sequence[Samples], pauses: Sequence[Pause], pause_seconds: float, sampling_rate: int
) -> Samples:
    """All ``sounds`` with silence between them; the pause after the last is left out.

    Args:
        sounds: Of the sentences, samples in [-1, 1].
        pauses: After each of them.
        pause_seconds: The pause between two sentences.
        sampling_rate: Hz.
    """
    pieces: list[Samples] = []
    for sound, pause in zip(sounds, pauses, strict=True):
        silence = round(pause.value * pause_seconds * sampling_rate)
        pieces += [sound, np.zeros(silence, dtype=np.float32)]
    return np.concatenate(pieces[:-1])


def write_wav(path: Path, samples: Samples, sampling_rate: int) -> None:
    """Write 16-bit PCM, whole or not at all; :class:`BadInputError` where that can't be done."""
    try:
        with atomic_path(path) as temporary:
            soundfile.write(temporary, samples, sampling_rate, format="WAV", subtype="PCM_16")
    except OSError as error:
        raise BadInputError(f"{path} can't be written: {error.strerror}") from None
    except soundfile.LibsndfileError as error:
        raise BadInputError(f"{path} can't be written: {error.error_string}") from None
