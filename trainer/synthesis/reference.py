"""A recording whose style a voice takes over."""

from pathlib import Path

import numpy as np

from trainer.corpus.audio_file import BadAudioError, Samples, read_audio
from trainer.exit_codes import BadInputError

SHORTEST_SECONDS = 0.2
"""Less than a syllable has no style."""
SILENCE_DB = -60.0
"""A recording whose loudest sample is not above it, of full scale, is silent."""


def read_reference(path: Path, sampling_rate: int) -> Samples:
    """The recording as one channel at ``sampling_rate``.

    Raises:
        BadInputError: It can't be read, is too short, or is silent.
    """
    try:
        wav = read_audio(path, sampling_rate)
    except BadAudioError as error:
        raise _unfit(path, error.fault) from None
    if len(wav) < SHORTEST_SECONDS * sampling_rate:
        length = len(wav) / sampling_rate
        raise _unfit(path, f"lasts {length:.2f} s, a style takes {SHORTEST_SECONDS:g} s or more")
    if np.abs(wav).max() <= 10 ** (SILENCE_DB / 20):
        raise _unfit(path, f"is silent (nothing above {SILENCE_DB:g} dB)")
    return wav


def _unfit(path: Path, fault: str) -> BadInputError:
    return BadInputError(f"reference {path}: {fault}; name another recording of speech")
