"""Log-mels on disk, shared by the trials of a study."""

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.audio import mel_spectrogram
from trainer.corpus import Utterance, read_audio
from trainer.data import MelStore
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    rng = np.random.default_rng(0)
    made = []
    for i in range(6):
        path = tmp_path / f"u{i}.wav"
        soundfile.write(path, rng.normal(0, 0.1, 20_000 + 500 * i), 22_050, subtype="PCM_16")
        made.append(Utterance(f"u{i}", path, "text."))
    return made


def files(directory: Path) -> list[Path]:
    return sorted(p for p in directory.rglob("*") if p.is_file())


def test_a_mel_is_computed_once(tmp_path: Path, utterances: list[Utterance]) -> None:
    store = MelStore(tmp_path / "mels", HParams())
    path = store.prepare(utterances[0])
    wav = read_audio(utterances[0].audio_path, 22_050)
    assert np.array_equal(np.load(path), mel_spectrogram(wav, 22_050).numpy())
    written = path.stat()
    assert MelStore(tmp_path / "mels", HParams()).prepare(utterances[0]) == path
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert files(tmp_path / "mels") == [path]


def test_other_audio_hparams_make_other_files(tmp_path: Path, utterances: list[Utterance]) -> None:
    changes = (
        {}, {"n_mel_channels": 40}, {"mel_fmax": 7000.0}, {"mel_fmin": 50.0}, {"hop_length": 200},
        {"win_length": 800}, {"filter_length": 2048}, {"sampling_rate": 16_000},
    )  # fmt: skip
    paths = {
        MelStore(tmp_path / "mels", HParams.model_validate(c)).prepare(utterances[0])
        for c in changes
    }
    assert len(paths) == len(changes)
    learning = HParams(learning_rate=1e-3, batch_size=8, mel_normalisation="scalar")
    assert MelStore(tmp_path / "mels", learning).prepare(utterances[0]) in paths


def test_another_recording_under_the_same_name(tmp_path: Path, utterances: list[Utterance]) -> None:
    store = MelStore(tmp_path / "mels", HParams())
    before = store.prepare(utterances[0])
    soundfile.write(utterances[0].audio_path, np.zeros(9999), 22_050)
    after = store.prepare(utterances[0])
    assert after != before
    assert np.load(after).shape == (80, 40)
    os.utime(utterances[0].audio_path, ns=(1, 1))
    assert store.prepare(utterances[0]) not in (before, after)


def test_a_failure_leaves_nothing(
    tmp_path: Path, utterances: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, mel: np.ndarray) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    store = MelStore(tmp_path / "mels", HParams())
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(OSError, match="No space left"):
            store.prepare(utterances[0])
    assert files(tmp_path / "mels") == []
    assert np.load(store.prepare(utterances[0])).shape == (80, 79)


def test_a_recording_that_cannot_be_read(tmp_path: Path, utterances: list[Utterance]) -> None:
    data = utterances[0].audio_path.read_bytes()
    utterances[0].audio_path.write_bytes(data[:999])
    with pytest.raises(BadInputError, match=r"u0\.wav"):
        MelStore(tmp_path / "mels", HParams()).prepare(utterances[0])


def prepare_all(directory: Path, utterances: list[Utterance], together: Barrier) -> None:
    store = MelStore(directory, HParams())
    together.wait(60)
    for utterance in utterances:
        assert np.load(store.prepare(utterance)).shape[0] == 80


def test_several_processes_at_once(tmp_path: Path, utterances: list[Utterance]) -> None:
    context = multiprocessing.get_context("fork")
    together = context.Barrier(4)
    processes = [
        context.Process(target=prepare_all, args=(tmp_path / "mels", utterances, together))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    found = files(tmp_path / "mels")
    assert len(found) == len(utterances)
    assert {path.suffix for path in found} == {".npy"}
    for utterance in utterances:
        mel = np.load(MelStore(tmp_path / "mels", HParams()).prepare(utterance))
        wav = read_audio(utterance.audio_path, 22_050)
        assert np.array_equal(mel, mel_spectrogram(wav, 22_050).numpy())


def test_files_can_be_read_by_the_team(tmp_path: Path, utterances: list[Utterance]) -> None:
    before = os.umask(0o022)
    try:
        path = MelStore(tmp_path / "mels", HParams()).prepare(utterances[0])
        assert path.stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)
