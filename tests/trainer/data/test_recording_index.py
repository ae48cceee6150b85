"""What recordings hold, without reading them each time."""

import hashlib
import json
import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from trainer.data.recording_index import RecordingIndex


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"old speech")
    os.utime(path, (1e9, 1e9))
    return path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def forge(path: Path, data: bytes) -> None:
    """Other content of the same size and time, which only reading can tell."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_recording_is_read_once(tmp_path: Path, recording: Path) -> None:
    file = tmp_path / "mels" / "index"
    assert RecordingIndex(file).digest(recording) == sha256(b"old speech")
    forge(recording, b"new speech")
    assert RecordingIndex(file).digest(recording) == sha256(b"old speech")


def test_a_changed_recording_is_read_again(tmp_path: Path, recording: Path) -> None:
    index = RecordingIndex(tmp_path / "index")
    index.digest(recording)
    recording.write_bytes(b"more speech")
    assert index.digest(recording) == sha256(b"more speech")
    recording.write_bytes(b"less Speech")
    os.utime(recording, (2e9, 2e9))
    assert index.digest(recording) == sha256(b"less Speech")


def test_one_that_was_changed_just_now_is_not_trusted_yet(tmp_path: Path, recording: Path) -> None:
    recording.write_bytes(b"being made")
    index = RecordingIndex(tmp_path / "index")
    index.digest(recording)
    forge(recording, b"making on.")
    assert index.digest(recording) == sha256(b"making on.")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "rest",
    [b'\n["/a/speech.wav", 10, 99', b"\xff\xfe\0", b"[]\n{}\n1\n", b'["/a", "b", 3, "c"]'],
)
def test_what_was_cut_off_is_passed_over(tmp_path: Path, recording: Path, rest: bytes) -> None:
    file = tmp_path / "index"
    file.write_bytes(rest)
    RecordingIndex(file).digest(recording)
    forge(recording, b"new speech")
    assert RecordingIndex(file).digest(recording) == sha256(b"old speech")


def test_names_of_all_kinds(tmp_path: Path) -> None:
    names = ["речь.wav", 'a "b"\\c.wav', "two\nlines.wav", os.fsdecode(b"\xff.wav")]
    for name in names:
        (tmp_path / name).write_bytes(os.fsencode(name))
        os.utime(tmp_path / name, (1e9, 1e9))
        RecordingIndex(tmp_path / "index").digest(tmp_path / name)
    assert len((tmp_path / "index").read_bytes().split()) >= len(names)
    for name in names:
        forge(tmp_path / name, b"x" * len(os.fsencode(name)))
        index = RecordingIndex(tmp_path / "index")
        assert index.digest(tmp_path / name) == sha256(os.fsencode(name))


def test_without_the_right_to_write_it_still_answers(tmp_path: Path, recording: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    index = RecordingIndex(tmp_path / "file" / "index")
    assert index.digest(recording) == sha256(b"old speech")


def test_a_missing_recording(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RecordingIndex(tmp_path / "index").digest(tmp_path / "none.wav")


def note_all(file: Path, recordings: list[Path], together: Barrier) -> None:
    together.wait(60)
    index = RecordingIndex(file)
    for recording in recordings:
        index.digest(recording)


def test_processes_append_to_one_file(tmp_path: Path) -> None:
    recordings = [tmp_path / f"{i}.wav" for i in range(40)]
    for recording in recordings:
        recording.write_bytes(recording.name.encode())
        os.utime(recording, (1e9, 1e9))
    context = multiprocessing.get_context("fork")
    together = context.Barrier(4)
    processes = [
        context.Process(target=note_all, args=(tmp_path / "index", recordings, together))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    lines = [line for line in (tmp_path / "index").read_text().splitlines() if line]
    assert {json.loads(line)[0] for line in lines} == {str(path) for path in recordings}
    assert {json.loads(line)[3] for line in lines} == {sha256(p.name.encode()) for p in recordings}
