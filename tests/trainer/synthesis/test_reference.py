"""Recordings to take a style from."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.exit_codes import BadInputError
from trainer.synthesis.reference import read_reference

RATE = 16_000


def tone(path: Path, seconds: float, amplitude: float) -> Path:
    times = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(path, amplitude * np.sin(2 * np.pi * 200 * times), RATE, subtype="FLOAT")
    return path


def test_a_quiet_or_short_recording_will_do(tmp_path: Path) -> None:
    assert len(read_reference(tone(tmp_path / "r.wav", 0.2, 0.002), RATE)) == 3200
    assert len(read_reference(tone(tmp_path / "r.wav", 1.0, 0.5), 22_050)) == 22_050


@pytest.mark.parametrize(
    ("seconds", "amplitude", "fault"),
    [
        (1.0, 0.0, r"is silent \(nothing above -60 dB\)"),
        (1.0, 0.0009, r"is silent \(nothing above -60 dB\)"),
        (0.05, 0.5, r"lasts 0\.05 s, a style takes 0\.2 s or more"),
    ],
)
def test_one_without_a_style_is_refused(
    tmp_path: Path, seconds: float, amplitude: float, fault: str
) -> None:
    path = tone(tmp_path / "r.wav", seconds, amplitude)
    with pytest.raises(BadInputError, match=f"^reference .*r.wav: {fault}; name another"):
        read_reference(path, RATE)


def test_no_row_is_spoken_of(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read_reference(tmp_path / "none.wav", RATE)
    assert str(caught.value) == (
        f"reference {tmp_path / 'none.wav'}: can't be read (No such file or directory); name "
        "another recording of speech"
    )
    (tmp_path / "text.wav").write_text("no sound", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"is not audio that can be read .*; name another"):
        read_reference(tmp_path / "text.wav", RATE)
