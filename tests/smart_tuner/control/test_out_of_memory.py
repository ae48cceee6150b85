"""What a trial that ran out of memory may try next."""

import pytest

from smart_tuner.control.out_of_memory import next_micro_batch
from trainer.hparams import HParams


@pytest.mark.parametrize(
    ("batch_size", "tried"),
    [
        (1, []),
        (2, [1]),
        (12, [6, 3, 1]),
        (32, [16, 8, 4, 2, 1]),
        (1000, [500, 250, 125, 62, 31, 15, 7, 3, 1]),
    ],
)
def test_half_as_many_each_time(batch_size: int, tried: list[int]) -> None:
    sizes = []
    size = next_micro_batch(batch_size, None)
    while size is not None:
        HParams(batch_size=batch_size, micro_batch_size=size)  # each is legal
        sizes.append(size)
        size = next_micro_batch(batch_size, size)
    assert sizes == tried


@pytest.mark.parametrize(
    ("batch_size", "micro_batch_size", "then"), [(32, 32, 16), (32, 5, 2), (32, 1, None)]
)
def test_from_what_it_had(batch_size: int, micro_batch_size: int, then: int | None) -> None:
    assert next_micro_batch(batch_size, micro_batch_size) == then
