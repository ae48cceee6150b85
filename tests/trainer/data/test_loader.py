"""Effective batches: the same whatever the workers, ranks and micro-batches."""

import itertools
import multiprocessing
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch

from trainer.data import Batch, BatchOrder, Dataset
from trainer.data.loader import BatchLoader, EffectiveBatch
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.losses.pool import Pool

Tiny = Callable[..., HParams]
SEED = 5


@pytest.fixture
def order(dataset: Dataset) -> BatchOrder:
    return BatchOrder([item.n_frames for item in dataset.training], 6, SEED, batch_frames=900)


def contents(batches: Sequence[Batch]) -> list[tuple[object, ...]]:
    return [
        (b.ids, b.mels.shape, b.mels.numpy().tobytes(), b.mel_lengths.tolist(), b.text.tolist())
        for b in batches
    ]


def take(batches: Iterator[EffectiveBatch], n: int) -> list[tuple[object, ...]]:
    return [
        (b.step, b.ids, b.pool, contents(b.micro_batches)) for b in itertools.islice(batches, n)
    ]


def worker_ids() -> list[int]:
    return [process.pid for process in multiprocessing.active_children() if process.pid]


def gone(ids: Sequence[int]) -> bool:
    return not any(psutil.pid_exists(number) for number in ids)


def test_a_batch_is_what_the_order_says(dataset: Dataset, order: BatchOrder, tiny: Tiny) -> None:
    loader = BatchLoader(dataset, order, tiny(n_frames_per_step=3))
    for step, batch in zip(range(9), loader.batches(0), strict=False):
        items = [dataset.training[i] for i in order.indices(step)]
        assert batch.step == step
        assert batch.ids == tuple(item.utterance.id for item in items)
        assert [b.ids for b in batch.micro_batches] == [batch.ids]
        assert batch.pool == Pool.of([i.sequence for i in items], [i.n_frames for i in items], 3)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(
    dataset: Dataset, order: BatchOrder, tiny: Tiny, workers: int
) -> None:
    hparams = tiny(batch_size=6, micro_batch_size=2)
    expected = take(BatchLoader(dataset, order, hparams).batches(4), 12)
    random_states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1]
    with BatchLoader(dataset, order, hparams, workers=workers) as loader:
        assert take(loader.batches(4), 12) == expected
        first = worker_ids()
        # A rescue goes back, a resume starts anywhere.
        assert take(loader.batches(6), 10) == expected[2:]
        second = worker_ids()
        assert len(first) == len(second) == workers
        assert gone(first)
    assert gone(second)
    assert torch.equal(torch.get_rng_state(), random_states[0])
    assert random.getstate() == random_states[1]
    assert np.array_equal(np.random.get_state()[1], random_states[2])


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize("micro_batch_size", [None, 1, 2])
def test_ranks_share_a_batch_and_cut_it(
    dataset: Dataset, tiny: Tiny, world: int, micro_batch_size: int | None
) -> None:
    hparams = tiny(batch_size=5, micro_batch_size=micro_batch_size)
    order = BatchOrder([item.n_frames for item in dataset.training], 5, SEED)
    loaders = [
        BatchLoader(dataset, order, hparams, rank=rank, world=world) for rank in range(world)
    ]
    for batches in itertools.islice(zip(*(x.batches(2) for x in loaders), strict=True), 3):
        assert len({(b.step, b.ids, b.pool) for b in batches}) == 1
        assert batches[0].pool.utterances == 5
        for rank, batch in enumerate(batches):
            share = tuple(name for micro in batch.micro_batches for name in micro.ids)
            mine, n_parts = batch.ids[rank::world], len(batch.micro_batches)
            assert sorted(share) == sorted(mine)
            for part, micro in enumerate(batch.micro_batches):  # dealt out, so that all are alike
                assert micro.ids == mine[part::n_parts]
            assert all(len(m.ids) <= (micro_batch_size or 5) for m in batch.micro_batches)
            assert len(batch.micro_batches) == -(-len(share) // (micro_batch_size or 5))


@pytest.mark.parametrize("padding", ["masked", "published"])
def test_where_the_network_sees_padding_parts_have_as_much_as_the_whole(
    dataset: Dataset, order: BatchOrder, tiny: Tiny, padding: str
) -> None:
    hparams = tiny(batch_size=6, micro_batch_size=2, padding=padding)
    frames = {item.utterance.id: item.n_frames for item in dataset.training}
    for batch in itertools.islice(BatchLoader(dataset, order, hparams).batches(0), 5):
        whole = max(frames[name] for name in batch.ids)
        for micro in batch.micro_batches:
            longest = max(frames[name] for name in micro.ids)
            assert micro.mels.shape[2] == (whole if padding == "published" else longest)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mel_that_went_away(
    dataset: Dataset, order: BatchOrder, tiny: Tiny, workers: int
) -> None:
    lost = order.indices(3)[0]
    items = list(dataset.training)
    items[lost] = replace(items[lost], mel_path=items[lost].mel_path.with_name("gone.npy"))
    broken = replace(dataset, training=tuple(items))
    with BatchLoader(broken, order, tiny(), workers=workers) as loader:
        batches = loader.batches(0)
        assert len(take(batches, 3)) == 3
        with pytest.raises(
            BadInputError, match=r"gone\.npy of '.*' can't be read any more"
        ) as told:
            next(batches)
        assert "\n" not in str(told.value)
    assert worker_ids() == []


def test_a_worker_that_was_killed(dataset: Dataset, order: BatchOrder, tiny: Tiny) -> None:
    with BatchLoader(dataset, order, tiny(), workers=2) as loader:
        batches = loader.batches(0)
        next(batches)
        os.kill(worker_ids()[0], signal.SIGKILL)
        with pytest.raises(MemoryError, match=r"was killed.*use fewer --workers"):
            take(batches, 50)
        expected = take(BatchLoader(dataset, order, tiny()).batches(1), 2)
        assert take(loader.batches(1), 2) == expected
    assert worker_ids() == []


def test_a_worker_heeds_the_trainer_alone(dataset: Dataset, order: BatchOrder, tiny: Tiny) -> None:
    """Signals that go to a whole group of processes are the trainer's business."""
    with BatchLoader(dataset, order, tiny(), workers=1) as loader:
        batches = loader.batches(0)
        next(batches)
        (worker,) = multiprocessing.active_children()
        for number in (signal.SIGTERM, signal.SIGINT):
            subprocess.run(["kill", f"-{number}", str(worker.pid)], check=True)
        take(batches, 30)
        assert worker.is_alive()
        worker.terminate()  # as DataLoader does with one that hangs, and Python at its end
        worker.join(10)
        assert worker.exitcode == 0
