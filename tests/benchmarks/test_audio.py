"""The convolution of the public code computes our mels; the cache is what is read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.audio import extraction, loading
from benchmarks.published_mel import ConvolutionMel
from benchmarks.recordings import N_RECORDINGS, make_recordings, noise
from benchmarks.setting import Setting
from trainer.audio import mel_spectrogram
from trainer.corpus import load_corpus
from trainer.hparams import HParams


def test_both_compute_the_same_mels() -> None:
    sound = torch.from_numpy(noise(1.0, np.random.default_rng(3)))
    ours = mel_spectrogram(sound, 22050)
    torch.testing.assert_close(ConvolutionMel(HParams())(sound), ours, rtol=1e-4, atol=1e-4)


def test_a_shorter_window_is_refused() -> None:
    with pytest.raises(ValueError, match="win_length=800 must be filter_length=1024"):
        ConvolutionMel(HParams(win_length=800))


def test_recordings_are_a_corpus_and_always_the_same(tmp_path: Path) -> None:
    one, other = (make_recordings(tmp_path / name) for name in ("one", "other"))
    utterances = load_corpus(one).utterances
    assert len({utterance.text for utterance in utterances}) == N_RECORDINGS
    for utterance in utterances:
        twin = other / "wavs" / utterance.audio_path.name
        assert twin.read_bytes() == utterance.audio_path.read_bytes()


def test_what_is_loaded_warm_is_not_computed(setting: Callable[..., Setting]) -> None:
    given = setting()
    cached, anew = loading(given)
    first, second = (cached.run()["utterance"] for _ in range(2))
    assert cached.ours
    assert not anew.ours
    assert second < first
    assert second < anew.run()["utterance"]


def test_extraction_is_told_for_a_second_of_sound(setting: Callable[..., Setting]) -> None:
    for contestant in extraction(setting()):
        assert 0.0 < contestant.run()["second of sound"] < 1.0
