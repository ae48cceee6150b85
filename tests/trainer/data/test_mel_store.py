"""Log-mels on disk, shared by the trials of a study."""

import multiprocessing
import os
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from trainer.audio import MelExtractor, mel_spectrogram
from trainer.corpus import Utterance, read_audio
from trainer.data import MelStore
from trainer.data import mel_store as module
from trainer.data.mel_file import encode_mel
from trainer.exit_codes import BadInputError, NoRoomError
from trainer.hparams import HParams


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    rng = np.random.default_rng(0)
    made = []
    for i in range(6):
        path = tmp_path / f"u{i}.wav"
        soundfile.write(path, rng.normal(0, 0.1, 20_000 + 500 * i), 22_050, subtype="PCM_16")
        os.utime(path, (1e9, 1e9 + i))
        made.append(Utterance(f"u{i}", path, "text."))
    return made


def mels_in(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.npy"))


def right_mel(utterance: Utterance) -> np.ndarray:
    return np.asarray(mel_spectrogram(read_audio(utterance.audio_path, 22_050), 22_050))


def test_a_mel_is_computed_once(tmp_path: Path, utterances: list[Utterance]) -> None:
    first = MelStore(tmp_path / "mels", HParams()).fetch(utterances[0])
    assert np.array_equal(first.mel, right_mel(utterances[0]))
    assert np.array_equal(np.load(first.path), first.mel)
    written = first.path.stat()
    store = MelStore(tmp_path / "mels", HParams())
    again = store.fetch(utterances[0])
    assert again.path == first.path
    assert np.array_equal(again.mel, first.mel)
    assert again.mel.strides == first.mel.strides
    after = first.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert mels_in(tmp_path / "mels") == [first.path]
    assert store.repaired == ()


def test_other_audio_hparams_make_other_files(tmp_path: Path, utterances: list[Utterance]) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {}, {"n_mel_channels": 40}, {"mel_fmax": 7000.0}, {"mel_fmin": 50.0}, {"hop_length": 200},
        {"win_length": 800}, {"filter_length": 2048}, {"sampling_rate": 16_000},
        {"mel_framing": "hifigan"},
    )  # fmt: skip
    paths = {
        MelStore(tmp_path / "mels", HParams.model_validate(c)).fetch(utterances[0]).path
        for c in changes
    }
    assert len(paths) == len(changes)
    learning = HParams(learning_rate=1e-3, batch_size=8, mel_normalisation="scalar")
    assert MelStore(tmp_path / "mels", learning).fetch(utterances[0]).path in paths


def test_the_content_counts_not_the_name(tmp_path: Path, utterances: list[Utterance]) -> None:
    store = MelStore(tmp_path / "mels", HParams())
    one, other = (store.fetch(u).path for u in utterances[:2])
    moved = tmp_path / "moved.wav"
    utterances[0].audio_path.rename(moved)
    utterances[1].audio_path.rename(utterances[0].audio_path)
    assert store.fetch(Utterance("moved", moved, "")).path == one
    assert store.fetch(utterances[0]).path == other
    soundfile.write(moved, np.zeros(9999), 22_050)
    assert store.fetch(Utterance("moved", moved, "")).mel.shape == (80, 40)
    assert len(mels_in(tmp_path / "mels")) == 3


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped byte": flip,
    "truncated": lambda path: os.truncate(path, 999),
    "empty": lambda path: os.truncate(path, 0),
    "wrong shape": lambda path: path.write_bytes(encode_mel(np.zeros((40, 9), np.float32))),
    "no checksum": lambda path: np.save(path, np.zeros((80, 9), np.float32)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_mel_is_computed_anew_and_named(
    tmp_path: Path, utterances: list[Utterance], damage: Callable[[Path], object]
) -> None:
    paths = [MelStore(tmp_path / "mels", HParams()).fetch(u).path for u in utterances[:4]]
    damage(paths[1])
    damage(paths[3])
    store = MelStore(tmp_path / "mels", HParams())
    for utterance in reversed(utterances[:4]):
        assert np.array_equal(store.fetch(utterance).mel, right_mel(utterance))
    assert store.repaired == ("u1", "u3")
    again = MelStore(tmp_path / "mels", HParams())
    assert [again.fetch(u).path for u in utterances[:4]] == paths
    assert again.repaired == ()
    assert mels_in(tmp_path / "mels") == sorted(paths)


def fetch_on_a_full_disk(directory: Path, utterance: Utterance, answer: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # its mel has 25,000 bytes
    try:
        MelStore(directory, HParams()).fetch(utterance)
    except NoRoomError as error:
        answer.send(str(error))


def test_a_full_disk(tmp_path: Path, utterances: list[Utterance]) -> None:
    context = multiprocessing.get_context("fork")
    mine, other = context.Pipe()
    process = context.Process(
        target=fetch_on_a_full_disk, args=(tmp_path / "mels", utterances[0], other)
    )
    process.start()
    assert mine.poll(60)
    assert mine.recv() == (
        f"mel cache {tmp_path / 'mels'} can't be written: File too large; make room there, or "
        "choose another folder with --cache-dir"
    )
    process.join(60)
    left = {path.name for path in (tmp_path / "mels").rglob("*") if path.is_file()}
    assert left == {".lock", "recordings.jsonl"}
    store = MelStore(tmp_path / "mels", HParams())
    assert np.array_equal(store.fetch(utterances[0]).mel, right_mel(utterances[0]))
    assert store.repaired == ()


def test_a_file_where_the_cache_should_be(tmp_path: Path, utterances: list[Utterance]) -> None:
    (tmp_path / "mels").write_bytes(b"in the way")
    with pytest.raises(BadInputError, match=r"mel cache .*mels can't be written.*--cache-dir"):
        MelStore(tmp_path / "mels", HParams()).fetch(utterances[0])


def test_a_recording_that_cannot_be_read(tmp_path: Path, utterances: list[Utterance]) -> None:
    data = utterances[0].audio_path.read_bytes()
    utterances[0].audio_path.write_bytes(data[:999])
    with pytest.raises(BadInputError, match=r"u0\.wav: is truncated"):
        MelStore(tmp_path / "mels", HParams()).fetch(utterances[0])
    utterances[1].audio_path.unlink()
    with pytest.raises(BadInputError, match=r"u1\.wav: can't be read \(No such file"):
        MelStore(tmp_path / "mels", HParams()).fetch(utterances[1])
    assert mels_in(tmp_path / "mels") == []


def test_a_recording_that_changes_while_it_is_read(
    tmp_path: Path, utterances: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    def overwritten_and_read(path: Path, sampling_rate: int) -> np.ndarray:
        soundfile.write(path, np.zeros(9999), 22_050)
        return read_audio(path, sampling_rate)

    monkeypatch.setattr(module, "read_audio", overwritten_and_read)
    with pytest.raises(BadInputError, match=r"u0\.wav: changed while it was read"):
        MelStore(tmp_path / "mels", HParams()).fetch(utterances[0])
    assert mels_in(tmp_path / "mels") == []


def fetch_all(
    directory: Path, utterances: list[Utterance], together: Barrier, computed: Any
) -> None:
    class Counting(MelExtractor):
        def __call__(self, wav: Any) -> Any:
            with computed.get_lock():
                computed.value += 1
            return super().__call__(wav)

    module.MelExtractor = Counting  # type: ignore[misc]  # in this forked process alone
    store = MelStore(directory, HParams())
    together.wait(60)
    for utterance in utterances:
        assert np.array_equal(store.fetch(utterance).mel, right_mel(utterance))


@pytest.mark.parametrize("damaged", [False, True])
def test_several_processes_at_once(
    tmp_path: Path, utterances: list[Utterance], damaged: bool
) -> None:
    """All succeed, and share the work."""
    if damaged:
        for utterance in utterances:
            flip(MelStore(tmp_path / "mels", HParams()).fetch(utterance).path)
    context = multiprocessing.get_context("fork")
    together, computed = context.Barrier(4), context.Value("i", 0)
    processes = [
        context.Process(target=fetch_all, args=(tmp_path / "mels", utterances, together, computed))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    assert computed.value == len(utterances)
    assert len(mels_in(tmp_path / "mels")) == len(utterances)
    for utterance in utterances:
        mel = MelStore(tmp_path / "mels", HParams()).fetch(utterance).mel
        assert np.array_equal(mel, right_mel(utterance))


def test_a_killed_process_blocks_nobody(tmp_path: Path, utterances: list[Utterance]) -> None:
    """Its lock goes with it, and what it left half-written is not taken for a mel."""

    def hang(answer: Connection) -> None:
        def stop(*_: object) -> None:
            answer.send("computing")
            together.wait()

        module.read_audio = stop  # type: ignore[assignment]  # in this forked process alone
        MelStore(tmp_path / "mels", HParams()).fetch(utterances[0])

    context = multiprocessing.get_context("fork")
    together = context.Barrier(2)
    mine, other = context.Pipe()
    process = context.Process(target=hang, args=(other,))
    process.start()
    assert mine.poll(60)
    process.kill()
    process.join(60)
    mel = MelStore(tmp_path / "mels", HParams()).fetch(utterances[0]).mel
    assert np.array_equal(mel, right_mel(utterances[0]))


def test_files_can_be_read_by_the_team(tmp_path: Path, utterances: list[Utterance]) -> None:
    """Threads that write together leave the process its umask, and files their rights."""
    before = os.umask(0o022)
    try:
        store = MelStore(tmp_path / "mels", HParams())
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(store.fetch, utterances))
        files = [path for path in (tmp_path / "mels").rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o644}
        assert len(files) > 2 * len(utterances)
    finally:
        assert os.umask(before) == 0o022
