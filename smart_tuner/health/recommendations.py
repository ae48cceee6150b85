"""Which hyperparameters to move, in which direction, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from smart_tuner.health.advice_table import FOLLOWS_ALIGNMENT, REMEDIES, UNALIGNED, Remedy
from smart_tuner.health.codes import Direction
from smart_tuner.health.reasons import Reason
from storage.assessment import Flag, Recommendation

_MICRO = "micro_batch_size"


def recommendations(
    flags: Sequence[Flag], reason: Reason | None, hparams: Mapping[str, Any]
) -> tuple[Recommendation, ...]:
    """What answers ``flags``, the gravest first, and the reason why a trial ended.

    Args:
        flags: the gravest first; of two that pull a hyperparameter apart the first one wins.
        reason: why the trial ended early, if it did.
        hparams: the trial's own; where one is not among them, its value is not known.
    """
    found: dict[str, Recommendation] = {}
    for because in _troubles(flags, reason):
        for remedy in REMEDIES.get(because, ()):
            if _applies(remedy, hparams):
                found.setdefault(remedy.hparam, _recommended(remedy, because, hparams))
    return tuple(found.values())


def _troubles(flags: Sequence[Flag], reason: Reason | None) -> list[str]:
    """Flags, each after its likely cause, and the reason."""
    unaligned = any(flag.code in UNALIGNED for flag in flags)
    own = [flag for flag in flags if not (unaligned and flag.code in FOLLOWS_ALIGNMENT)]
    named = [name for flag in own for name in (flag.values.get("cause"), flag.code) if name]
    return [*named, *([reason] if reason else [])]


def _applies(remedy: Remedy, hparams: Mapping[str, Any]) -> bool:
    """Whether the trial's own value leaves room in that direction."""
    if remedy.hparam not in hparams:
        return True
    now = _now(remedy, hparams)
    match remedy.direction:
        case Direction.SWITCH_ON:
            return not now
        case Direction.SET:
            return bool(now != remedy.bound)
        case Direction.LOWER:
            return now is not None and bool(now > remedy.bound)
        case Direction.RAISE:
            return now is not None and bool(now < remedy.bound)


def _now(remedy: Remedy, hparams: Mapping[str, Any]) -> Any:
    """The trial's own value; without micro-batches the whole batch is one."""
    now = hparams.get(remedy.hparam)
    return hparams.get("batch_size") if now is None and remedy.hparam == _MICRO else now


def _recommended(remedy: Remedy, because: str, hparams: Mapping[str, Any]) -> Recommendation:
    return Recommendation(
        code=remedy.code,
        hparam=remedy.hparam,
        direction=remedy.direction,
        because=because,
        now=_now(remedy, hparams),
        to=remedy.bound if remedy.direction is Direction.SET else None,
    )
