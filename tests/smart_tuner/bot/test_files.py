"""Pictures and sounds, found where they were made or where they were mounted."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smart_tuner.bot.files import VOICE_RATE, RunFiles, voice_message


def _spectrum_peak(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / len(samples))


@pytest.mark.parametrize(("rate", "channels"), [(22050, 1), (48000, 2), (8000, 1)])
def test_a_voice_message_is_opus_and_sounds_the_same(
    tmp_path: Path, rate: int, channels: int
) -> None:
    time = np.arange(rate) / rate  # one second
    tone = np.tile(0.5 * np.sin(2 * np.pi * 440 * time)[:, None], (1, channels))
    soundfile.write(tmp_path / "a.wav", tone, rate)

    message = voice_message(tmp_path / "a.wav")

    info = soundfile.info(io.BytesIO(message))
    assert (info.format, info.subtype) == ("OGG", "OPUS")
    assert (info.samplerate, info.channels) == (VOICE_RATE, 1)
    assert 1.0 <= info.duration < 1.2
    samples, _ = soundfile.read(io.BytesIO(message))
    assert _spectrum_peak(samples, VOICE_RATE) == pytest.approx(440, abs=5)


def test_silence_of_no_length_is_a_message_too(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 22050)

    assert soundfile.info(io.BytesIO(voice_message(tmp_path / "a.wav"))).frames > 0


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")

    with pytest.raises(soundfile.LibsndfileError):
        voice_message(tmp_path / "a.wav")


def test_files_are_found_where_runs_are_mounted(tmp_path: Path) -> None:
    mounted = tmp_path / "demo" / "3" / "samples" / "a.png"
    mounted.parent.mkdir(parents=True)
    mounted.write_bytes(b"png")
    made, path = "/elsewhere/runs/demo/3", "/elsewhere/runs/demo/3/samples/a.png"

    assert RunFiles().find("demo", 3, made, path) is None
    assert RunFiles(tmp_path).find("demo", 3, made, path) == mounted
    assert RunFiles(tmp_path).find("demo", 3, made, None) is None
    mounted.write_bytes(b"")
    assert RunFiles(tmp_path).find("demo", 3, made, path) is None
