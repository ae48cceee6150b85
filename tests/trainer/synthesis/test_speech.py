"""Sentences in one piece."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.exit_codes import BadInputError
from trainer.synthesis import Pause
from trainer.synthesis.speech import join, write_wav


def test_pauses_between_sentences() -> None:
    sounds = [np.full(10, value, dtype=np.float32) for value in (0.1, 0.2, 0.3, 0.4)]
    pauses = [Pause.CLAUSE, Pause.SENTENCE, Pause.PARAGRAPH, Pause.SENTENCE]
    joined = join(sounds, pauses, pause_seconds=0.2, sampling_rate=100)
    assert joined.dtype == np.float32
    assert len(joined) == 10 + 10 + 10 + 20 + 10 + 40 + 10
    np.testing.assert_array_equal(np.flatnonzero(joined == 0), [*range(10, 20), *range(30, 50),
                                                                *range(60, 100)])  # fmt: skip
    np.testing.assert_array_equal(joined[-10:], sounds[3])
    np.testing.assert_array_equal(join(sounds[:1], pauses[:1], 0.2, 100), sounds[0])


def test_wavs(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.wav"
    write_wav(path, np.array([0.0, 0.5, -0.5], dtype=np.float32), 22_050)
    samples, rate = soundfile.read(path)
    assert rate == 22_050
    np.testing.assert_allclose(samples, [0.0, 0.5, -0.5], atol=1e-4)
    assert [p.name for p in path.parent.iterdir()] == ["a.wav"]


def test_a_wav_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.wav").mkdir()
    for path in (tmp_path / "file" / "a.wav", tmp_path / "folder.wav"):
        with pytest.raises(BadInputError, match=rf"{path} can't be written"):
            write_wav(path, np.zeros(3, dtype=np.float32), 22_050)
