"""Batches, and second attempts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from trainer.hparams import HParams
from trainer.synthesis import Failure, Reader, Take
from trainer.synthesis.reading import batches

N_SYMBOLS = 20


def take(well: bool, marker: float) -> Take:
    """A good reading of 20 symbols, or one that skips half; told apart by its loudness."""
    tokens = np.concatenate((np.arange(0, 6), np.arange(16, 20)))
    path = np.repeat(np.arange(N_SYMBOLS) if well else tokens, 6)
    return Take(torch.full((80, len(path)), marker), np.eye(N_SYMBOLS)[path], stopped=True)


class Scripted:
    """A voice that reads well from the n-th attempt on; n is the first symbol of the text."""

    hparams = HParams()

    def __init__(self) -> None:
        self.calls: list[tuple[int, list[int]]] = []

    def speak(
        self, sequences: Sequence[Sequence[int]], seed: int, attempt: int, style: Tensor | None
    ) -> list[Take]:
        self.calls.append((attempt, [s[0] for s in sequences]))
        return [take(s[0] <= attempt, marker=10 * s[0] + attempt) for s in sequences]


def read(voice: Any, firsts: Sequence[int], batch_size: int = 4, retries: int = 2) -> Any:
    told: list[int] = []
    sequences = [[first, *[1] * (N_SYMBOLS - 1)] for first in firsts]
    readings = Reader(voice, batch_size, retries, seed=0).read(sequences, told.append)
    assert sum(told) == len(firsts)
    return readings


def test_failed_sentences_are_read_again_together() -> None:
    voice = Scripted()
    readings = read(voice, [0, 2, 0, 1, 9])
    assert voice.calls == [(0, [0, 2, 0, 1]), (0, [9]), (1, [2, 1, 9]), (2, [2, 9])]
    assert [reading.attempts for reading in readings] == [1, 3, 1, 2, 3]
    assert [bool(reading.judgement.failures) for reading in readings] == [0, 0, 0, 0, 1]
    assert readings[4].judgement.failures == (Failure.SKIPPED,)
    # Each result belongs to its sentence, from the attempt that succeeded; of equals the first.
    assert [float(reading.mel[0, 0]) for reading in readings] == [0, 22, 0, 11, 90]


def test_no_retries() -> None:
    voice = Scripted()
    assert [reading.attempts for reading in read(voice, [0, 1], retries=0)] == [1, 1]
    assert [attempt for attempt, _ in voice.calls] == [0]


def test_without_dropout_nothing_would_change() -> None:
    voice = Scripted()
    voice.hparams = HParams(prenet_dropout=0.0)
    assert [reading.attempts for reading in read(voice, [9])] == [1]


def test_nothing_to_read() -> None:
    assert read(Scripted(), []) == []


@pytest.mark.parametrize(
    ("lengths", "size", "expected"),
    [
        ([5, 9, 7, 9, 1], 2, [[1, 3], [2, 0], [4]]),
        ([5, 9, 7], 8, [[1, 2, 0]]),
        ([5, 9], 1, [[1], [0]]),
        ([], 8, []),
    ],
)
def test_batches_are_of_like_length(
    lengths: list[int], size: int, expected: list[list[int]]
) -> None:
    assert list(batches(range(len(lengths)), lengths, size)) == expected
