"""Recordings as files: looked over by their headers, or read whole as samples."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from trainer.corpus.riff import wav_data
from trainer.exit_codes import BadInputError

Samples = npt.NDArray[np.float32]


class BadAudioError(BadInputError):
    """A recording that can't be used.

    Attributes:
        code: ``empty``, ``unreadable``, ``truncated`` or ``damaged``.
        fault: what is wrong, without the path and the remedy that the message has.
    """

    def __init__(self, path: Path, code: str, fault: str) -> None:
        super().__init__(f"{path}: {fault}; export the recording again or remove its row")
        self.code = code
        self.fault = fault


@dataclass(frozen=True)
class AudioInfo:
    """What an audio file's header says; ``n_samples`` counts one channel."""

    sampling_rate: int
    channels: int
    n_samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sampling_rate


def inspect_audio(path: Path) -> AudioInfo:
    """Look over the file at ``path`` without decoding it: under a millisecond.

    Raises:
        BadAudioError: missing, empty, not audio, without samples, or cut off at the end.
    """
    try:
        if path.stat().st_size == 0:
            raise BadAudioError(path, "empty", "is empty (0 bytes)")
        with soundfile.SoundFile(path) as file:
            info = AudioInfo(file.samplerate, file.channels, max(file.frames, 0))
            _require_whole(path, info, file)
    except OSError as error:
        raise BadAudioError(path, "unreadable", f"can't be read ({error.strerror})") from error
    except soundfile.LibsndfileError as error:
        fault = f"is not audio that can be read ({error.error_string.rstrip('.')})"
        raise BadAudioError(path, "unreadable", fault) from error
    return info


def _require_whole(path: Path, info: AudioInfo, file: soundfile.SoundFile) -> None:
    data = wav_data(path)
    if data is not None and data.is_truncated:
        fault = f"its header promises {data.promised} bytes of samples and has {data.present}"
        raise BadAudioError(path, "truncated", f"is truncated: {fault}")
    if info.n_samples == 0:
        raise BadAudioError(path, "empty", "has no samples")
    if data is None and not _has_last_sample(file):
        fault = f"its header promises {info.duration_s:.2f} s and the end is missing"
        raise BadAudioError(path, "truncated", f"is truncated: {fault}")


def _has_last_sample(file: soundfile.SoundFile) -> bool:
    """Whether the last of the promised samples can be decoded (FLAC seeks fast)."""
    try:
        file.seek(file.frames - 1)
        return len(file.read(1)) == 1
    except soundfile.LibsndfileError:
        return False


def decode_audio(path: Path) -> tuple[Samples, int]:
    """All samples as recorded, and their sampling rate.

    Returns:
        Samples [n, channels], full scale 1.0, and the rate in Hz.

    Raises:
        BadAudioError: as :func:`inspect_audio`, or damaged within, or not finite.
    """
    info = inspect_audio(path)
    try:
        samples, sampling_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadAudioError(path, "damaged", "is damaged: its samples don't decode") from error
    if len(samples) < info.n_samples:
        fault = f"is damaged: {len(samples)} of {info.n_samples} samples decode"
        raise BadAudioError(path, "damaged", fault)
    if not np.isfinite(samples).all():
        raise BadAudioError(path, "damaged", "is damaged: it has samples that are not finite")
    return samples, sampling_rate


def read_audio(path: Path, sampling_rate: int) -> Samples:
    """The recording as one channel (their mean) at ``sampling_rate``, resampled by soxr (HQ).

    Returns:
        Samples [n] in [-1, 1].

    Raises:
        BadAudioError: see :func:`decode_audio`.
    """
    recorded, recorded_rate = decode_audio(path)
    mono = recorded.mean(axis=1, dtype=np.float32)
    if recorded_rate != sampling_rate:
        mono = soxr.resample(mono, recorded_rate, sampling_rate, quality="HQ")
    if len(mono) == 0:
        raise BadAudioError(path, "empty", f"has not one sample at {sampling_rate} Hz")
    samples: Samples = np.clip(mono, -1.0, 1.0).astype(np.float32, copy=False)
    return samples
