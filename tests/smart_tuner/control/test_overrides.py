"""What an attempt changes, learned from those before it."""

from collections.abc import Mapping
from typing import Any

import pytest

from smart_tuner.control.overrides import overrides_after, smaller_micro_batch
from storage.records import AttemptRecord
from trainer.hparams import HParams, parse_hparams

OOM, CRASHED, STOPPED = "out_of_memory", "crashed", "stopped"


def hparams(batch: int, micro: int | None = None) -> HParams:
    changes = {"batch_size": batch} | ({} if micro is None else {"micro_batch_size": micro})
    return parse_hparams(changes, HParams.preset("demo"))


def attempts(*ends: tuple[str | None, Mapping[str, Any]]) -> list[AttemptRecord]:
    return [
        AttemptRecord(
            study="s", number=0, attempt=number, controller="c", host="h",
            cause=cause, overrides=overrides,
        )
        for number, (cause, overrides) in enumerate(ends, 1)
    ]  # fmt: skip


def micro(size: int) -> dict[str, int]:
    return {"micro_batch_size": size}


@pytest.mark.parametrize(
    ("before", "batch", "own", "expected"),
    [
        ([], 8, None, {}),
        ([(CRASHED, {})], 8, None, {}),
        ([(OOM, {})], 8, None, micro(4)),
        ([(OOM, {})], 8, 2, micro(1)),
        ([(OOM, {}), (OOM, micro(4))], 8, None, micro(2)),
        ([(OOM, {}), (CRASHED, micro(4))], 8, None, micro(4)),
        ([(OOM, {}), (STOPPED, micro(4)), (OOM, micro(4))], 8, None, micro(2)),
        ([(OOM, {}), (None, micro(4))], 8, None, micro(4)),  # nobody saw how that one ended
        ([(OOM, micro(1))], 8, None, micro(1)),  # nothing smaller is left
    ],
)
def test_the_next_attempt(
    before: list[tuple[str | None, Mapping[str, Any]]],
    batch: int,
    own: int | None,
    expected: Mapping[str, Any],
) -> None:
    assert overrides_after(attempts(*before), hparams(batch, own)) == expected


@pytest.mark.parametrize(
    ("batch", "own", "overrides", "expected"),
    [
        (8, None, None, micro(4)),
        (8, None, {}, micro(4)),
        (8, 4, {}, micro(2)),
        (8, 4, micro(2), micro(1)),
        (5, None, {}, micro(2)),
        (8, None, micro(1), None),
        (1, None, {}, None),
    ],
)
def test_what_needs_less_memory(
    batch: int,
    own: int | None,
    overrides: Mapping[str, Any] | None,
    expected: Mapping[str, Any] | None,
) -> None:
    assert smaller_micro_batch(hparams(batch, own), overrides) == expected
