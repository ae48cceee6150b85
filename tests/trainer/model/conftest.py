"""Batches of random numbers, and models that are ready to compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from trainer.hparams import HParams
from trainer.model import Tacotron2


@dataclass(frozen=True)
class Inputs:
    """What a teacher-forced forward takes."""

    text: Tensor
    text_lengths: Tensor
    mels: Tensor
    mel_lengths: Tensor

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.text, self.text_lengths, self.mels, self.mel_lengths))


@pytest.fixture
def inputs() -> Callable[..., Inputs]:
    """Makes a batch of utterances with the given numbers of tokens and frames."""

    def make(tokens: list[int], frames: list[int], n_mels: int = 80, seed: int = 0) -> Inputs:
        generator = torch.Generator().manual_seed(seed)
        text = torch.randint(1, 30, (len(tokens), max(tokens)), generator=generator)
        mels = torch.randn(len(frames), n_mels, max(frames), generator=generator)
        return Inputs(text, torch.tensor(tokens), mels, torch.tensor(frames))

    return make


@pytest.fixture
def settled() -> Callable[[HParams, Inputs], Tacotron2]:
    """Makes a model in evaluation mode whose BatchNorm statistics have seen a few batches."""

    def make(hparams: HParams, inputs: Inputs) -> Tacotron2:
        model = Tacotron2(hparams)
        with torch.no_grad():
            for _ in range(3):
                model(*inputs)
        return model.eval()

    return make
