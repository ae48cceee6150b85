"""Sound from mels: of the right length and level, and saying the same mel again."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainer.audio import SILENCE, griffin_lim, mel_spectrogram
from trainer.hparams import HParams

RATE = 22_050


@pytest.fixture(scope="module")
def speech(demo_corpus: Path) -> np.ndarray:
    return soundfile.read(demo_corpus / "wavs" / "demo_en_0003.wav", dtype="float32")[0]


def decibels(wav: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wav.astype(np.float64) ** 2))))


def test_speech_comes_back(speech: np.ndarray) -> None:
    mel = mel_spectrogram(speech, RATE)
    wav = griffin_lim(mel, HParams())
    assert wav.dtype == np.float32
    assert len(wav) == (mel.shape[1] - 1) * 256 == len(speech) // 256 * 256
    assert np.abs(wav).max() <= 1.0
    assert decibels(wav) == pytest.approx(decibels(speech), abs=1.0)
    again = mel_spectrogram(wav, RATE)
    loud = mel > SILENCE + 4  # near the floor a little noise is a great difference
    assert (again - mel)[loud].abs().mean() < 0.25
    assert np.corrcoef(again[loud], mel[loud])[0, 1] > 0.97


def test_speech_comes_back_from_hifigans_frames(speech: np.ndarray) -> None:
    hparams = HParams(mel_framing="hifigan")
    mel = mel_spectrogram(speech, RATE, hparams)
    wav = griffin_lim(mel, hparams)
    assert len(wav) == mel.shape[1] * 256 == len(speech) // 256 * 256
    assert decibels(wav) == pytest.approx(decibels(speech), abs=1.0)
    again = mel_spectrogram(wav, RATE, hparams)
    loud = mel > SILENCE + 4
    assert (again - mel)[loud].abs().mean() < 0.25


@pytest.mark.parametrize("framing", ["centered", "hifigan"])
@pytest.mark.parametrize("hop", [256, 201])
def test_sound_is_where_it_was(framing: str, hop: int) -> None:
    """A burst of noise comes back at its own time, to a few milliseconds."""
    hparams = HParams.model_validate({"mel_framing": framing, "hop_length": hop})
    wav = np.zeros(12_000, dtype=np.float32)
    wav[5000:7000] = np.random.default_rng(0).normal(0, 0.1, 2000)
    again = griffin_lim(mel_spectrogram(wav, RATE, hparams), hparams).astype(np.float64)
    centre = np.average(np.arange(len(again)), weights=again**2)
    assert centre == pytest.approx(6000, abs=40)


def test_more_rounds_come_closer(speech: np.ndarray) -> None:
    mel = mel_spectrogram(speech, RATE)
    loud = mel > SILENCE + 4

    def distance(rounds: int) -> float:
        wav = griffin_lim(mel, HParams(), n_iterations=rounds)
        return float((mel_spectrogram(wav, RATE) - mel)[loud].abs().mean())

    assert distance(32) < 0.6 * distance(1)


def test_the_same_mel_gives_the_same_sound(speech: np.ndarray) -> None:
    mel = mel_spectrogram(speech[:8000], RATE)
    before = torch.get_rng_state()
    one = griffin_lim(mel, HParams(), n_iterations=3)
    assert np.array_equal(one, griffin_lim(mel, HParams(), n_iterations=3))
    assert not np.array_equal(one, griffin_lim(mel, HParams(), n_iterations=3, seed=1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 6, 9])
def test_short_mels(frames: int) -> None:
    for framing, expected in (("centered", (frames - 1) * 256), ("hifigan", frames * 256)):
        hparams = HParams.model_validate({"mel_framing": framing})
        wav = griffin_lim(torch.full((80, frames), -4.0), hparams, n_iterations=2)
        assert wav.shape == (expected,)
        assert np.isfinite(wav).all()


def test_no_frames_are_no_sound() -> None:
    wav = griffin_lim(torch.zeros(80, 0), HParams(mel_framing="hifigan"))
    assert wav.shape == (0,)


def test_silence_stays_silent() -> None:
    wav = griffin_lim(torch.full((80, 40), SILENCE), HParams(), n_iterations=4)
    assert np.abs(wav).max() < 1e-3


@pytest.mark.parametrize("level", [-1e6, 30.0, 1e6])
def test_what_no_recording_holds(level: float) -> None:
    """An untrained model says anything; the sound stays within full scale."""
    wav = griffin_lim(torch.full((80, 40), level), HParams(), n_iterations=4)
    assert np.isfinite(wav).all()
    assert np.abs(wav).max() <= 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"hop_length": 512},
        {"hop_length": 100, "win_length": 600},
        {"filter_length": 512, "win_length": 512, "hop_length": 128, "n_mel_channels": 40},
        {"sampling_rate": 16_000, "hop_length": 200, "win_length": 800, "mel_fmax": 8000.0},
    ],
)
def test_other_sizes(changes: dict[str, float]) -> None:
    """Every size that the hparams allow can be spoken."""
    hparams = HParams.model_validate(changes)
    mel = torch.full((hparams.n_mel_channels, 30), -3.0)
    wav = griffin_lim(mel, hparams, n_iterations=3)
    assert wav.shape == (29 * hparams.hop_length,)
    assert decibels(wav) > -60
