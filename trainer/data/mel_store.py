"""Log-mels on disk: computed once, shared by all trials that use the same recordings."""

import fcntl
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.audio import MelExtractor
from trainer.corpus import Utterance, read_audio
from trainer.data.mel_file import Mel, decode_mel, encode_mel, verified_mel
from trainer.data.recording_index import RecordingIndex
from trainer.exit_codes import BadInputError, NoRoomError
from trainer.hparams import HParams
from trainer.paths import DISK_FULL, atomic_path

_AUDIO_FIELDS = (
    "sampling_rate", "filter_length", "hop_length", "win_length", "n_mel_channels", "mel_fmin",
    "mel_fmax", "mel_framing",
)  # fmt: skip
_VERSION = 2


@dataclass(frozen=True)
class StoredMel:
    """A mel [n_mels, T] and the file that it is in."""

    path: Path
    mel: Mel


class MelStore:
    """A folder of mels, each named by its recording's content and the audio parameters.

    Several threads and processes may use the same folder. Whatever is read is verified, and
    computed anew where it is damaged.
    """

    def __init__(self, directory: Path, hparams: HParams) -> None:
        self._directory = directory
        self._hparams = hparams
        self._extractor = MelExtractor(hparams)
        self._parameters = json.dumps([_VERSION, [getattr(hparams, f) for f in _AUDIO_FIELDS]])
        self._index = RecordingIndex(directory / "recordings.jsonl")
        self._repaired: list[str] = []
        # Naming a new file sets the umask for a moment, and that belongs to all threads.
        self._naming = threading.Lock()

    @property
    def repaired(self) -> tuple[str, ...]:
        """The ids of utterances whose mels were found damaged, and were computed anew."""
        return tuple(sorted(self._repaired))

    def fetch(self, utterance: Utterance) -> StoredMel:
        """The utterance's mel, computed where it is not there yet or damaged.

        Raises:
            NoRoomError: there is no room for the mel.
            BadInputError: the recording can't be read, or the mel can't be written.
        """
        try:
            digest = self._index.digest(utterance.audio_path)
        except OSError as error:
            raise BadInputError(
                f"{utterance.audio_path}: can't be read ({error.strerror}); mend its permissions "
                "or remove its row"
            ) from None
        path = self._path(digest)
        mel = verified_mel(path, self._hparams.n_mel_channels)
        return StoredMel(path, mel if mel is not None else self._made(utterance, digest, path))

    def _made(self, utterance: Utterance, digest: str, path: Path) -> Mel:
        try:
            with self._alone(path.parent):
                mel = verified_mel(path, self._hparams.n_mel_channels)
                if mel is None:  # else somebody else was faster
                    was_there = path.exists()
                    mel = self._computed(utterance.audio_path, digest, path)
                    self._repaired += [utterance.id] if was_there else []
                return mel
        except OSError as error:
            kind = NoRoomError if error.errno in DISK_FULL else BadInputError
            raise kind(
                f"mel cache {self._directory} can't be written: {error.strerror or error}; make "
                "room there, or choose another folder with --cache-dir"
            ) from None

    def _computed(self, recording: Path, digest: str, path: Path) -> Mel:
        wav = read_audio(recording, self._hparams.sampling_rate)
        if self._index.digest(recording) != digest:
            raise BadInputError(
                f"{recording}: changed while it was read; start again when it is complete"
            )
        data = encode_mel(self._extractor(torch.from_numpy(wav)).numpy())
        with self._naming, atomic_path(path) as temporary:
            temporary.write_bytes(data)
        mel = decode_mel(data, self._hparams.n_mel_channels)
        assert mel is not None  # it was just encoded; as it will be read the next time
        return mel

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """Keep other threads and processes from computing the mels of ``folder`` too."""
        with self._naming:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / ".lock").open("wb")
        with lock:  # closing it, or the end of the process, lets others in
            with suppress(OSError):  # a file system without locks: some are computed twice
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, digest: str) -> Path:
        name = hashlib.sha256(f"{digest}|{self._parameters}".encode()).hexdigest()
        return self._directory / name[:2] / f"{name}.npy"
