"""What a trial's next attempt must change, learned from those before it."""

from collections.abc import Mapping, Sequence
from typing import Any

from smart_tuner.control.out_of_memory import next_micro_batch
from smart_tuner.health import Reason
from storage.records import AttemptRecord
from trainer.hparams import HParams


def overrides_after(attempts: Sequence[AttemptRecord], hparams: HParams) -> dict[str, Any]:
    """Hyperparameters of the next attempt, on top of ``hparams``.

    After one that ran out of memory: smaller micro-batches, at the same effective batch size.
    """
    if not attempts:
        return {}
    before = dict(attempts[-1].overrides)
    if attempts[-1].cause != Reason.OUT_OF_MEMORY:
        return before
    return before | (smaller_micro_batch(hparams, before) or {})


def smaller_micro_batch(
    hparams: HParams, overrides: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The override that needs less memory; ``None`` where nothing smaller is left."""
    present = (overrides or {}).get("micro_batch_size", hparams.micro_batch_size)
    smaller = next_micro_batch(hparams.batch_size, present)
    return None if smaller is None else {"micro_batch_size": smaller}
