"""Effective batches, one after the other, read ahead by worker processes."""

import itertools
import math
import random
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch.utils import data as torch_data

from trainer.data.batch import Batch, collate
from trainer.data.dataset import Dataset
from trainer.data.order import BatchOrder
from trainer.data.worker import begin_worker, starting_workers
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.losses.pool import Pool

_Key = tuple[int, list[int]]
"""A 0-based step, and the training utterances of its batch."""
_WORKER_LOST = "DataLoader worker"  # torch raises RuntimeError here


@dataclass(frozen=True)
class EffectiveBatch:
    """What one optimiser step is taken on."""

    step: int
    """0-based."""
    micro_batches: tuple[Batch, ...]
    """This rank's share, on the CPU; empty where there are fewer utterances than ranks."""
    pool: Pool
    """Counts over the whole effective batch."""
    ids: tuple[str, ...]
    """Of all utterances of the effective batch."""

    def pin_memory(self) -> "EffectiveBatch":
        """The same batch in pinned memory."""
        return replace(self, micro_batches=tuple(b.pin_memory() for b in self.micro_batches))


class BatchLoader:
    """Deals out the training set: at a given step always the same, whatever the workers.

    Workers are fresh interpreters: forking the trainer, with the threads of CUDA, NCCL and Gloo,
    can deadlock (so PyTorch's notes on DDP), and behind a fork server torch doesn't notice that a
    worker was killed in the middle of handing over a batch, and waits for ever.
    """

    def __init__(
        self,
        dataset: Dataset,
        order: BatchOrder,
        hparams: HParams,
        *,
        workers: int = 0,
        rank: int = 0,
        world: int = 1,
        pin: bool = False,
    ) -> None:
        self._order, self._workers, self._pin = order, workers, pin
        self._assembly = _Assembly(dataset, hparams, rank, world)
        self._running: Generator[EffectiveBatch, None, None] | None = None

    def batches(self, from_step: int) -> Generator[EffectiveBatch, None, None]:
        """The batches from the 0-based ``from_step`` on, without end; ends the ones before.

        Raises:
            BadInputError: when iterated; a cached mel has gone.
            MemoryError: when iterated; a worker was killed.
        """
        self.close()
        self._running = self._batches(from_step)
        return self._running

    def close(self) -> None:
        """Have the workers leave."""
        if self._running is not None:
            self._running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batches(self, from_step: int) -> Generator[EffectiveBatch, None, None]:
        with starting_workers() if self._workers else nullcontext():
            iterator = iter(self._read_ahead(from_step))
        try:
            while True:
                batch = _next(iterator)
                if isinstance(batch, _Unreadable):
                    raise BadInputError(batch.message)
                yield batch
        finally:
            del iterator  # its workers leave with it

    def _read_ahead(self, from_step: int) -> "torch_data.DataLoader[EffectiveBatch | _Unreadable]":
        keys = ((step, self._order.indices(step)) for step in itertools.count(from_step))
        return torch_data.DataLoader(
            self._assembly,
            batch_size=None,  # one key, one batch
            sampler=keys,
            num_workers=self._workers,
            collate_fn=_as_it_is,
            pin_memory=self._pin,
            worker_init_fn=begin_worker,
            multiprocessing_context="spawn" if self._workers else None,
            generator=torch.Generator(),  # its own: no number is taken from the model's
        )


@dataclass(frozen=True)
class _Unreadable:
    """A :class:`BadInputError` on its way from a worker: torch would add a traceback to it."""

    message: str


class _Assembly(torch_data.Dataset["EffectiveBatch | _Unreadable"]):
    """From a step and its utterances to this rank's share of the batch."""

    def __init__(self, dataset: Dataset, hparams: HParams, rank: int, world: int) -> None:
        self._items, self._scale = dataset.training, dataset.scale
        self._rank, self._world = rank, world
        self._micro_batch_size = hparams.micro_batch_size
        self._n_frames_per_step = hparams.n_frames_per_step
        self._seed = hparams.seed
        self._sees_padding = hparams.padding == "published"

    def __getitem__(self, key: _Key) -> EffectiveBatch | _Unreadable:
        step, indices = key
        if torch_data.get_worker_info() is not None:
            _seed(self._seed + step)
        try:
            return self._assembled(step, indices)
        except BadInputError as error:
            return _Unreadable(str(error))

    def _assembled(self, step: int, indices: list[int]) -> EffectiveBatch:
        items = [self._items[i] for i in indices]
        share = items[self._rank :: self._world]
        # Dealt out, not cut: a batch is sorted by length, and BatchNorm wants parts that are alike.
        n_parts = math.ceil(len(share) / (self._micro_batch_size or len(items)))
        micro = (share[part::n_parts] for part in range(n_parts))
        # Where the network sees padding, a part of a batch needs as much of it as the whole.
        longest = (0, 0)
        if self._sees_padding:
            longest = max(len(i.sequence) for i in items), max(i.n_frames for i in items)
        return EffectiveBatch(
            step=step,
            micro_batches=tuple(collate(part, self._scale, *longest) for part in micro),
            pool=Pool.of(
                [item.sequence for item in items],
                [item.n_frames for item in items],
                self._n_frames_per_step,
            ),
            ids=tuple(item.utterance.id for item in items),
        )


def _seed(seed: int) -> None:
    """Whatever a worker draws depends on the step alone; today it draws nothing."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _as_it_is(batch: Any) -> Any:
    return batch


def _next(iterator: Iterator[Any]) -> EffectiveBatch | _Unreadable:
    try:
        batch: EffectiveBatch | _Unreadable = next(iterator)
    except RuntimeError as error:
        if _WORKER_LOST not in str(error):
            raise
        raise MemoryError(
            f"a process that loads batches was killed, as systems do that run out of memory; "
            f"use fewer --workers ({error})"
        ) from error
    return batch
