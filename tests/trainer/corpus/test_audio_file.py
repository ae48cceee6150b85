from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.corpus import check_corpus, inspect_audio, load_corpus, read_audio, verify_audio
from trainer.corpus.audio_file import BadAudioError
from trainer.exit_codes import BadInputError


@pytest.fixture
def wav(tmp_path: Path, tone: Callable[..., np.ndarray]) -> Path:
    soundfile.write(tmp_path / "a.wav", tone(1.0), 22_050, subtype="PCM_16")
    return tmp_path / "a.wav"


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 44_100)
    soundfile.write(tmp_path / "a.flac", noise, 22_050, subtype="PCM_16")
    return tmp_path / "a.flac"


def cut(path: Path, keep: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def test_inspect(wav: Path) -> None:
    info = inspect_audio(wav)
    assert (info.sampling_rate, info.channels, info.n_samples) == (22_050, 1, 22_050)
    assert info.duration_s == 1.0


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "suffix"),
    [
        (22_050, 1, "PCM_16", "wav"),
        (48_000, 2, "PCM_24", "wav"),
        (44_100, 1, "FLOAT", "wav"),
        (16_000, 2, "PCM_16", "flac"),
        (8_000, 1, "PCM_U8", "wav"),
    ],
)
def test_read_gives_one_channel_at_the_wanted_rate(
    rate: int,
    channels: int,
    subtype: str,
    suffix: str,
    tmp_path: Path,
    tone: Callable[..., np.ndarray],
) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.stack([tone(1.0, rate)] * channels, axis=1), rate, subtype=subtype)
    samples = read_audio(path, 22_050)
    assert samples.dtype == np.float32
    assert samples.shape == (22_050,)
    middle = slice(2000, -2000)  # the resampler's edges aside
    assert np.abs(samples[middle] - tone(1.0)[middle]).max() < 0.01


def test_resampling_never_leaves_full_scale(tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(48_000) * 0.05)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", square, 48_000, subtype="FLOAT")
    assert np.abs(read_audio(tmp_path / "a.wav", 22_050)).max() == 1.0


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(BadAudioError, match=r"a\.wav: is empty \(0 bytes\); export") as caught:
        inspect_audio(tmp_path / "a.wav")
    assert caught.value.code == "empty"


def test_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 22_050)
    with pytest.raises(BadAudioError, match=r"has no samples; export") as caught:
        inspect_audio(tmp_path / "a.wav")
    assert caught.value.code == "empty"


@pytest.mark.parametrize("keep", [0.9999, 0.5, 0.01])
def test_truncated_wav(keep: float, wav: Path) -> None:
    cut(wav, keep)
    with pytest.raises(BadAudioError, match=r"a\.wav: is truncated: its header promises 44100"):
        inspect_audio(wav)
    with pytest.raises(BadAudioError, match="is truncated"):
        read_audio(wav, 22_050)


@pytest.mark.parametrize("keep", [0.9995, 0.5, 0.1])
def test_truncated_flac(keep: float, flac: Path) -> None:
    assert inspect_audio(flac).n_samples == 44_100
    cut(flac, keep)
    with pytest.raises(BadAudioError, match=r"is truncated: its header promises 2\.00 s"):
        inspect_audio(flac)


def test_chunks_before_and_after_the_samples_are_no_truncation(wav: Path) -> None:
    data = wav.read_bytes()
    odd_chunk = b"LIST" + (5).to_bytes(4, "little") + b"INFOx\0"
    wav.write_bytes(data[:36] + odd_chunk + data[36:] + odd_chunk)
    assert inspect_audio(wav).n_samples == 22_050


def test_a_wav_from_a_pipe_has_no_size_and_is_whole(wav: Path) -> None:
    data = bytearray(wav.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    wav.write_bytes(data)
    assert inspect_audio(wav).n_samples == 22_050
    assert len(read_audio(wav, 22_050)) == 22_050


def test_not_audio(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("this is a letter, not a song " * 20)
    with pytest.raises(BadAudioError, match="is not audio that can be read") as caught:
        inspect_audio(tmp_path / "a.wav")
    assert caught.value.code == "unreadable"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BadAudioError, match=r"can't be read \(No such file"):
        inspect_audio(tmp_path / "a.wav")


def test_damage_within_is_seen_when_decoding(flac: Path) -> None:
    data = bytearray(flac.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    flac.write_bytes(data)
    with pytest.raises(BadAudioError, match="is damaged") as caught:
        read_audio(flac, 22_050)
    assert caught.value.code == "damaged"


def test_samples_that_are_not_finite(tmp_path: Path) -> None:
    samples = np.full(1000, 0.1, dtype=np.float32)
    samples[500] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 22_050, subtype="FLOAT")
    with pytest.raises(BadAudioError, match="not finite"):
        read_audio(tmp_path / "a.wav", 22_050)


def test_verify_names_the_first_bad_file_and_counts(write_corpus: Callable[..., Path]) -> None:
    corpus = load_corpus(write_corpus(10))
    verify_audio(corpus)
    cut(corpus.root / "wavs" / "u06.wav", 0.5)
    with pytest.raises(BadInputError, match=r"u06\.wav: is truncated: [^\n]*remove its row$"):
        verify_audio(corpus)
    (corpus.root / "wavs" / "u02.wav").write_bytes(b"")
    with pytest.raises(BadInputError, match=r"u02\.wav: is empty.*one of 2 bad.*corpus check"):
        verify_audio(corpus)


def test_verify_names_the_filelist_that_was_given(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(10)
    filelist = root / "cw.txt"
    rows = (root / "metadata.csv").read_text(encoding="utf-8").splitlines()
    filelist.write_text("".join(f"wavs/{row.replace('|', '.wav|')}\n" for row in rows), "utf-8")
    for name in ("u02", "u06"):
        (root / "wavs" / f"{name}.wav").write_bytes(b"")
    with pytest.raises(BadInputError, match=r"'smart-tuner corpus check \S+/cw\.txt' names"):
        verify_audio(load_corpus(filelist))


def test_verify_refuses_what_is_too_short_for_a_word(write_corpus: Callable[..., Path]) -> None:
    corpus = load_corpus(write_corpus(10))
    short = corpus.root / "wavs" / "u03.wav"
    soundfile.write(short, np.zeros(100, dtype=np.float32), 22_050)
    with pytest.raises(BadInputError, match=r"u03\.wav: lasts 0\.00454 s, .*remove its row$"):
        verify_audio(corpus)
    assert check_corpus(corpus.root).ids_with("no_speech") == {"u03"}
