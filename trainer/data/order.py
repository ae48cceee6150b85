"""Which utterances make batch number k: a pure function of the seed, so a resume needs no state."""

import random
from collections.abc import Sequence

_BUCKET = 8
"""Batches that are sorted by length together: shuffled enough, padded little."""


class BatchOrder:
    """Length-bucketed shuffling, anew each epoch."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = min(batch_size, len(lengths))
        self._seed = seed
        # What is left over each epoch (less than a batch) differs from epoch to epoch.
        self.batches_per_epoch = len(lengths) // self._batch_size
        self._epoch = -1
        self._batches: list[list[int]] = []

    def indices(self, step: int) -> list[int]:
        """The utterances of the batch at 0-based ``step``."""
        epoch, position = divmod(step, self.batches_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffled(epoch)
        return self._batches[position]

    def _shuffled(self, epoch: int) -> list[list[int]]:
        generator = random.Random(f"{self._seed}:{epoch}")
        order = list(range(len(self._lengths)))
        generator.shuffle(order)
        order = order[: self.batches_per_epoch * self._batch_size]
        bucket = self._batch_size * _BUCKET
        batches = []
        for start in range(0, len(order), bucket):
            by_length = sorted(order[start : start + bucket], key=lambda i: self._lengths[i])
            batches += [
                by_length[i : i + self._batch_size]
                for i in range(0, len(by_length), self._batch_size)
            ]
        generator.shuffle(batches)
        return batches
