"""Mel spectrograms: what public Tacotron 2 and HiFi-GAN models take."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.audio import SILENCE, MelExtractor, mel_spectrogram
from trainer.audio.mel import mel_filterbank
from trainer.hparams import HParams

RATE = 22_050


def librosas(wav: np.ndarray, hparams: HParams) -> np.ndarray:
    """The same by librosa, as HiFi-GAN's and NVIDIA's recipes have it."""
    magnitude = np.abs(
        librosa.stft(
            wav, n_fft=hparams.filter_length, hop_length=hparams.hop_length,
            win_length=hparams.win_length, window="hann", center=True, pad_mode="reflect",
        )
    )  # fmt: skip
    filters = librosa.filters.mel(
        sr=hparams.sampling_rate, n_fft=hparams.filter_length, n_mels=hparams.n_mel_channels,
        fmin=hparams.mel_fmin, fmax=hparams.mel_fmax, htk=False, norm="slaney",
    )  # fmt: skip
    return np.log(np.clip(filters @ magnitude, 1e-5, None))


def assert_agree(ours: np.ndarray, theirs: np.ndarray) -> None:
    """To 1e-4 in log-mels, less where single precision rounds: beside a loud tone at the floor."""
    np.testing.assert_allclose(np.exp(ours), np.exp(theirs), rtol=1e-4, atol=2e-7)


def sound(kind: str, seconds: float = 0.5) -> np.ndarray:
    rng, time = np.random.default_rng(0), np.arange(round(seconds * RATE)) / RATE
    return {
        "noise": rng.normal(0, 0.1, len(time)),
        "tone": 0.5 * np.sin(2 * np.pi * 440 * time),
        "chirp": 0.8 * np.sin(2 * np.pi * (100 + 8000 * time) * time),
        "clicks": (rng.random(len(time)) < 0.001).astype(float),
        "faint": rng.normal(0, 1e-6, len(time)),
    }[kind].astype(np.float32)


@given(st.integers(1, 6000))
def test_number_of_frames(n_samples: int) -> None:
    mel = mel_spectrogram(np.zeros(n_samples, dtype=np.float32), RATE)
    assert mel.shape == (80, n_samples // 256 + 1)


def test_silence() -> None:
    mel = mel_spectrogram(torch.zeros(3000), RATE)
    assert pytest.approx(-11.513, abs=1e-3) == SILENCE
    assert torch.equal(mel, torch.full_like(mel, SILENCE))


@pytest.mark.parametrize("kind", ["noise", "tone", "chirp", "clicks", "faint"])
def test_agrees_with_librosa(kind: str) -> None:
    wav = sound(kind)
    ours = mel_spectrogram(wav, RATE).numpy()
    assert_agree(ours, librosas(wav, HParams()))


def test_agrees_with_librosa_on_speech(demo_corpus: Path) -> None:
    wav, rate = soundfile.read(demo_corpus / "wavs" / "demo_en_0001.wav", dtype="float32")
    ours = mel_spectrogram(wav, rate).numpy()
    assert_agree(ours, librosas(wav, HParams()))
    assert ours.min() == pytest.approx(SILENCE)
    assert -2.0 < ours.max() < 3.0


@pytest.mark.parametrize(
    "changes",
    [
        {"sampling_rate": 16_000, "mel_fmax": 7600.0, "mel_fmin": 80.0},
        {"n_mel_channels": 40, "hop_length": 200, "win_length": 800},
        {"filter_length": 2048, "win_length": 2048, "hop_length": 512, "mel_fmax": 11_025.0},
    ],
)
def test_agrees_with_librosa_at_other_sizes(changes: dict[str, float]) -> None:
    hparams = HParams.model_validate(changes)
    wav = sound("noise")
    ours = mel_spectrogram(wav, hparams.sampling_rate, hparams).numpy()
    assert_agree(ours, librosas(wav, hparams))


def test_filters_are_slaneys() -> None:
    ours = mel_filterbank(HParams()).numpy()
    theirs = librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=80, fmin=0.0, fmax=8000.0)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)


def test_twice_the_amplitude_adds_ln_2() -> None:
    wav = torch.from_numpy(sound("noise"))
    louder = mel_spectrogram(2 * wav, RATE) - mel_spectrogram(wav, RATE)
    torch.testing.assert_close(louder, torch.full_like(louder, np.log(2)), rtol=0, atol=1e-4)


def test_arrays_tensors_and_the_extractor_agree() -> None:
    wav = sound("chirp")
    expected = MelExtractor(HParams())(torch.from_numpy(wav))
    assert torch.equal(mel_spectrogram(wav, RATE), expected)
    assert torch.equal(mel_spectrogram(torch.from_numpy(wav), RATE, HParams()), expected)


def test_another_sampling_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="sampling_rate=16000, but hparams say 22050"):
        mel_spectrogram(sound("noise"), 16_000)


# --- HiFi-GAN's framing -------------------------------------------------------------------------

HIFIGAN = HParams(mel_framing="hifigan")


def hifigans(wav: np.ndarray, hparams: HParams) -> np.ndarray:
    """The recipe of HiFi-GAN's meldataset, frame by frame in float64."""
    n_fft, hop = hparams.filter_length, hparams.hop_length
    padded = np.pad(wav.astype(np.float64), (n_fft - hop) // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    frames = [
        padded[start : start + n_fft] * window for start in range(0, len(padded) - n_fft + 1, hop)
    ]
    power = np.abs(np.fft.rfft(np.stack(frames))) ** 2
    filters = librosa.filters.mel(
        sr=hparams.sampling_rate, n_fft=n_fft, n_mels=hparams.n_mel_channels,
        fmin=hparams.mel_fmin, fmax=hparams.mel_fmax,
    )  # fmt: skip
    return np.log(np.clip(filters @ np.sqrt(power + 1e-9).T, 1e-5, None))


@given(st.integers(0, 6000))
def test_number_of_frames_as_hifigan_cuts_them(n_samples: int) -> None:
    mel = mel_spectrogram(np.zeros(n_samples, dtype=np.float32), RATE, HIFIGAN)
    assert mel.shape == (80, n_samples // 256)
    assert torch.equal(mel, torch.full_like(mel, SILENCE))


@pytest.mark.parametrize("kind", ["noise", "tone", "chirp", "clicks", "faint"])
@pytest.mark.parametrize(
    "changes", [{}, {"hop_length": 200}, {"filter_length": 2048, "win_length": 2048}]
)
def test_agrees_with_hifigan(kind: str, changes: dict[str, int]) -> None:
    hparams = HParams.model_validate({"mel_framing": "hifigan", **changes})
    wav = sound(kind)
    assert_agree(mel_spectrogram(wav, RATE, hparams).numpy(), hifigans(wav, hparams))


def test_agrees_with_hifigan_on_speech(demo_corpus: Path) -> None:
    wav, rate = soundfile.read(demo_corpus / "wavs" / "demo_en_0001.wav", dtype="float32")
    assert_agree(mel_spectrogram(wav, rate, HIFIGAN).numpy(), hifigans(wav, HIFIGAN))


def test_hifigan_adds_a_little_power() -> None:
    """So little that it shows beside faint sounds alone; HiFi-GAN models were trained with it."""
    faint, loud = (torch.from_numpy(level * sound("noise")) for level in (1e-5, 1.0))
    parts = []
    for wav in (faint, loud):
        power = MelExtractor(HIFIGAN).magnitude(wav).square()
        padded = torch.nn.functional.pad(wav[None], (384, 384), mode="reflect")[0]
        plain = torch.stft(
            padded, 1024, 256, window=torch.hann_window(1024), center=False, return_complex=True
        )
        parts.append(power / plain.abs().square())
    assert parts[0].mean() > 1.01
    torch.testing.assert_close(parts[1], torch.ones_like(parts[1]), rtol=1e-3, atol=0)


def test_where_frames_lie() -> None:
    """A click in the middle of the tenth hop: HiFi-GAN's frame 9 holds it, the others' 9 and 10."""
    wav = torch.zeros(256 * 20)
    wav[9 * 256 + 128] = 1.0
    loudest = mel_spectrogram(wav, RATE, HIFIGAN).mean(dim=0)
    assert loudest.argmax() == 9
    torch.testing.assert_close(loudest[8], loudest[10], rtol=1e-4, atol=1e-4)
    centred = mel_spectrogram(wav, RATE).mean(dim=0)
    torch.testing.assert_close(centred[9], centred[10], rtol=1e-4, atol=1e-4)
    assert centred[9] > centred[8]
