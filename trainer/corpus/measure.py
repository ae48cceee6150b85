"""What one recording is like: loudness, clipping, silence at its edges."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
FLOOR_DB = -120.0
"""Stands for digital silence, whose level has no logarithm."""
SILENCE_BELOW_SPEECH_DB = 40.0
"""Frames this much quieter than the speech (its 95th percentile) are silence."""
SILENCE_DB = -70.0
"""Frames quieter than this are silence whatever the speech is like."""
_FRAME_S = 0.01
_CLIPPED_RUN = 3
_QUIET_PEAK = 0.25
"""Flat tops below a quarter of full scale are quantisation, not clipping."""


@dataclass(frozen=True)
class Measures:
    """Of one recording: seconds, dB relative to full scale, shares in [0, 1]."""

    duration_s: float
    peak_db: float
    clipping_share: float
    leading_silence_s: float
    trailing_silence_s: float


def measure(samples: Samples, sampling_rate: int) -> Measures:
    """Measure ``samples`` [n, channels], n ≥ 1, full scale 1.0."""
    leading, trailing = _edges(samples.mean(axis=1), sampling_rate)
    return Measures(
        duration_s=len(samples) / sampling_rate,
        peak_db=_decibels(float(np.abs(samples).max())),
        clipping_share=_clipping_share(samples),
        leading_silence_s=leading,
        trailing_silence_s=trailing,
    )


def _decibels(amplitude: float) -> float:
    return max(20.0 * float(np.log10(max(amplitude, 1e-12))), FLOOR_DB)


def _clipping_share(samples: Samples) -> float:
    """The share of samples in flat tops: three or more in a row at the recording's peak."""
    magnitude = np.abs(samples)
    peak = float(magnitude.max())
    if peak < _QUIET_PEAK or len(samples) < _CLIPPED_RUN:
        return 0.0
    at_peak = magnitude >= peak - 1.0 / 32768
    in_run = at_peak[2:] & at_peak[1:-1] & at_peak[:-2]
    return float(in_run.sum() / samples.size)


def _edges(mono: Samples, sampling_rate: int) -> tuple[float, float]:
    """Seconds of silence at the start and the end; all of it at the start where all is silent."""
    length = max(round(_FRAME_S * sampling_rate), 1)
    frames = np.pad(mono, (0, -len(mono) % length)).reshape(-1, length)
    rms = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    level_db = 20.0 * np.log10(np.maximum(rms, 1e-12))
    threshold = max(float(np.percentile(level_db, 95)) - SILENCE_BELOW_SPEECH_DB, SILENCE_DB)
    voiced = np.flatnonzero(level_db > threshold)
    if len(voiced) == 0:
        return len(mono) / sampling_rate, 0.0
    trailing = max(len(mono) - (int(voiced[-1]) + 1) * length, 0)
    return int(voiced[0]) * length / sampling_rate, trailing / sampling_rate
