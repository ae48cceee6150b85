"""Sound to mels, and mels to a training run: extraction, and loading from the cache."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.published_mel import ConvolutionMel
from benchmarks.recordings import SAMPLING_RATE, make_recordings, noise
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts
from trainer.audio import MelExtractor
from trainer.corpus import load_corpus, read_audio
from trainer.data import MelStore
from trainer.hparams import HParams

EXTRACTION_PARTS = ("second of sound",)
LOADING_PARTS = ("utterance",)
_SECONDS = (2.0, 4.0, 6.0, 9.0)


def extraction(setting: Setting) -> list[Contestant]:
    """Ours, and a convolution as NVIDIA/tacotron2 has it, over the same sounds."""
    random, hparams = np.random.default_rng(7), HParams()
    lengths = _SECONDS[:1] if setting.quick else _SECONDS
    sounds = [torch.from_numpy(noise(seconds, random)) for seconds in lengths]
    ours, theirs = MelExtractor(hparams), ConvolutionMel(hparams)
    total = sum(len(sound) for sound in sounds) / SAMPLING_RATE
    part = EXTRACTION_PARTS[0]
    return [
        Contestant(OURS, True, _timed(setting, part, total, lambda: [*map(ours, sounds)])),
        Contestant(
            "convolution", False, _timed(setting, part, total, lambda: [*map(theirs, sounds)])
        ),
    ]


def loading(setting: Setting) -> list[Contestant]:
    """Mels of a corpus: from the cache, verified; or from the recordings, each time anew."""
    hparams = HParams()
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    utterances = load_corpus(make_recordings(folder / "corpus")).utterances
    store, theirs = MelStore(folder / "mels", hparams), ConvolutionMel(hparams)

    def cached() -> None:
        for utterance in utterances:
            store.fetch(utterance)

    def anew() -> None:
        for utterance in utterances:
            theirs(torch.from_numpy(read_audio(utterance.audio_path, SAMPLING_RATE)))

    part, n = LOADING_PARTS[0], len(utterances)
    return [
        Contestant(OURS, True, _timed(setting, part, n, cached)),
        Contestant("computed anew", False, _timed(setting, part, n, anew)),
    ]


def _timed(
    setting: Setting, part: str, amount: float, work: Callable[[], object]
) -> Callable[[], Parts]:
    """Runs that say how many seconds each of ``amount`` took."""

    def run() -> Parts:
        start = setting.clock.now()
        work()
        return {part: (setting.clock.now() - start) / amount}

    return run
