"""Which utterances make batch number k: a pure function of the seed, so a resume needs no state."""

import random
from bisect import bisect_right
from collections.abc import Sequence

_BUCKET = 8
"""Batches that are sorted by length together: shuffled enough, padded little."""
_JITTER = 0.1
"""How far lengths are taken for longer or shorter than they are, to the same end."""


class BatchOrder:
    """Batches of like lengths, shuffled anew each epoch.

    By count: ``batch_size`` utterances each; what is left over, less than a batch, differs from
    epoch to epoch. By frames: as many utterances, up to ``batch_size``, as fit into
    ``batch_frames`` mel frames when padded to the longest, and at least one; each epoch has every
    utterance once.
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, seed: int, batch_frames: int | None = None
    ) -> None:
        self._lengths = lengths
        self._batch_size = min(batch_size, len(lengths))
        self._batch_frames = batch_frames
        self._seed = seed
        self._starts = [0]  # the first step of each epoch, as far as it was asked for
        self._epoch = -1
        self._batches: list[list[int]] = []

    def indices(self, step: int) -> list[int]:
        """The utterances of the batch at 0-based ``step``, by increasing length."""
        epoch, position = self._located(step)
        return self._of(epoch)[position]

    def batches_in(self, epoch: int) -> int:
        """How many batches the 0-based ``epoch`` has; by frames, not all have the same."""
        if self._batch_frames is None:
            return len(self._lengths) // self._batch_size
        return len(self._of(epoch))

    def _located(self, step: int) -> tuple[int, int]:
        """The epoch of ``step``, and its place in it; by frames, earlier epochs are counted."""
        if self._batch_frames is None:
            return divmod(step, self.batches_in(0))
        while self._starts[-1] <= step:
            epoch = len(self._starts) - 1
            self._starts.append(self._starts[-1] + self.batches_in(epoch))
        epoch = bisect_right(self._starts, step) - 1
        return epoch, step - self._starts[epoch]

    def _of(self, epoch: int) -> list[list[int]]:
        if epoch != self._epoch:
            generator = random.Random(f"{self._seed}:{epoch}")
            limit = self._batch_frames
            self._batches = (
                self._by_count(generator) if limit is None else self._by_frames(generator, limit)
            )
            generator.shuffle(self._batches)
            self._epoch = epoch
        return self._batches

    def _by_count(self, generator: random.Random) -> list[list[int]]:
        order = list(range(len(self._lengths)))
        generator.shuffle(order)
        order = order[: self.batches_in(0) * self._batch_size]
        bucket = self._batch_size * _BUCKET
        batches = []
        for start in range(0, len(order), bucket):
            by_length = sorted(order[start : start + bucket], key=lambda i: self._lengths[i])
            batches += [
                by_length[i : i + self._batch_size]
                for i in range(0, len(by_length), self._batch_size)
            ]
        return batches

    def _by_frames(self, generator: random.Random, limit: int) -> list[list[int]]:
        # Buckets would be no help here: where one holds the corpus, batches would never change.
        perceived = [n * generator.uniform(1 - _JITTER, 1 + _JITTER) for n in self._lengths]
        batches: list[list[int]] = [[]]
        longest = 0
        for i in sorted(range(len(self._lengths)), key=perceived.__getitem__):
            n, longest = len(batches[-1]) + 1, max(longest, self._lengths[i])
            if n > 1 and (n > self._batch_size or n * longest > limit):
                batches.append([])
                longest = self._lengths[i]
            batches[-1].append(i)
        return [sorted(batch, key=lambda i: self._lengths[i]) for batch in batches]
