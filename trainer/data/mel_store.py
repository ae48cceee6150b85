"""Log-mels on disk: computed once, shared by all trials that use the same corpus."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from trainer.audio import MelExtractor
from trainer.corpus import Utterance, read_audio
from trainer.hparams import HParams
from trainer.paths import atomic_path

_AUDIO_FIELDS = (
    "sampling_rate", "filter_length", "hop_length", "win_length", "n_mel_channels", "mel_fmin",
    "mel_fmax",
)  # fmt: skip
_VERSION = 1


class MelStore:
    """A folder of ``.npy`` files, named by recording (path, size, time) and audio parameters."""

    def __init__(self, directory: Path, hparams: HParams) -> None:
        self._directory = directory
        self._hparams = hparams
        self._extractor = MelExtractor(hparams)
        self._parameters = json.dumps([_VERSION, [getattr(hparams, f) for f in _AUDIO_FIELDS]])

    def prepare(self, utterance: Utterance) -> Path:
        """The file of the utterance's mel, computed where it is not there yet.

        Raises:
            BadInputError: the recording can't be read.
        """
        path = self._path(utterance.audio_path)
        if not path.exists():
            wav = read_audio(utterance.audio_path, self._hparams.sampling_rate)
            mel = self._extractor(torch.from_numpy(wav)).numpy()
            with atomic_path(path) as temporary:
                np.save(temporary, mel)
        return path

    def _path(self, audio: Path) -> Path:
        status = audio.stat()
        key = f"{audio.resolve()}|{status.st_size}|{status.st_mtime_ns}|{self._parameters}"
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._directory / name[:2] / f"{name}.npy"
