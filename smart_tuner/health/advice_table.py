"""What the field knows to help against what: one row a remedy, the likeliest first.

A ``bound`` is the end of the range worth searching: a value that is there already is not moved on.
"""

from dataclasses import dataclass
from typing import Any

from smart_tuner.health.codes import AdviceCode, Direction, FlagCode
from smart_tuner.health.reasons import Cause, Reason


@dataclass(frozen=True)
class Remedy:
    """Move ``hparam`` in ``direction``, but not past ``bound`` (``set``: to it)."""

    code: AdviceCode
    hparam: str
    direction: Direction
    bound: Any = None


_LOWER_RATE = Remedy(AdviceCode.SMALLER_STEPS, "learning_rate", Direction.LOWER, 1e-5)
_CLIP = Remedy(AdviceCode.CLIP_HARDER, "grad_clip_thresh", Direction.LOWER, 0.3)
_WARM_UP = Remedy(AdviceCode.WARM_UP, "warmup_steps", Direction.RAISE, 4000)
_RESCUE = Remedy(AdviceCode.RESCUE, "rescue", Direction.SWITCH_ON)
_FULL_PRECISION = Remedy(AdviceCode.FULL_PRECISION, "precision", Direction.SET, "fp32")
_TAME_RATE = Remedy(AdviceCode.SMALLER_STEPS, "learning_rate", Direction.LOWER, 2e-2)
_RAISE_RATE = Remedy(AdviceCode.LEARN_FASTER, "learning_rate", Direction.RAISE, 3e-4)
_REDUCTION = Remedy(AdviceCode.LONGER_DECODER_STEPS, "n_frames_per_step", Direction.RAISE, 5)
_GUIDE = Remedy(AdviceCode.GUIDE_ATTENTION, "guide_loss_weight", Direction.RAISE, 3.0)
_GUIDE_LONGER = Remedy(AdviceCode.GUIDE_LONGER, "guide_stop_step", Direction.RAISE, 25_000)
_PRENET = Remedy(AdviceCode.LEAN_ON_THE_TEXT, "prenet_dropout", Direction.RAISE, 0.5)
_DROP_FRAMES = Remedy(AdviceCode.LEAN_ON_THE_TEXT, "drop_frame_rate", Direction.RAISE, 0.3)
_MMI = Remedy(AdviceCode.HEAR_THE_TEXT, "use_mmi", Direction.SWITCH_ON)
_TO_ALIGN = (_TAME_RATE, _RAISE_RATE, _REDUCTION, _GUIDE, _PRENET)

REMEDIES: dict[str, tuple[Remedy, ...]] = {
    FlagCode.NON_FINITE: (_FULL_PRECISION, _LOWER_RATE, _CLIP, _RESCUE),
    FlagCode.GRADIENT_EXPLOSION: (_LOWER_RATE, _CLIP, _WARM_UP, _RESCUE),
    FlagCode.ALIGNMENT_LOST: (_LOWER_RATE, _GUIDE, _GUIDE_LONGER, _CLIP),
    FlagCode.NEVER_ALIGNED: _TO_ALIGN,
    Cause.COPIES_LAST_FRAME: (_PRENET, _DROP_FRAMES, _REDUCTION, _MMI),
    FlagCode.RESTARTS_IN_A_ROW: (_LOWER_RATE, _CLIP, _WARM_UP),
    FlagCode.GRADIENT_NORM_CRITICAL: (_LOWER_RATE, _CLIP, _WARM_UP),
    FlagCode.ALIGNMENT_CRITICAL: _TO_ALIGN,
    FlagCode.OFF_DIAGONAL: _TO_ALIGN,
    FlagCode.GRADIENT_NORM_HIGH: (_LOWER_RATE, _CLIP),
    FlagCode.ALIGNMENT_WEAK: (_REDUCTION, _GUIDE),
    FlagCode.PLATEAU: (
        Remedy(AdviceCode.DECAY, "schedule", Direction.SET, "cosine"),
        Remedy(AdviceCode.FINER_STEPS, "learning_rate", Direction.LOWER, 1e-5),
    ),
    FlagCode.EARLY_STOPS: (
        Remedy(AdviceCode.WEIGH_STOPS_LESS, "gate_positive_weight", Direction.LOWER, 1.0),
        Remedy(AdviceCode.STOP_LATER, "gate_threshold", Direction.RAISE, 0.7),
    ),
    FlagCode.MISSED_STOPS: (
        Remedy(AdviceCode.WEIGH_STOPS_MORE, "gate_positive_weight", Direction.RAISE, 20.0),
        Remedy(AdviceCode.STOP_SOONER, "gate_threshold", Direction.LOWER, 0.3),
    ),
    Reason.OUT_OF_MEMORY: (
        Remedy(AdviceCode.FEWER_AT_ONCE, "micro_batch_size", Direction.LOWER, 1),
        Remedy(AdviceCode.FEWER_DECODER_STEPS, "n_frames_per_step", Direction.RAISE, 5),
    ),
}
"""By flag, cause or reason; what has no row here is no matter of hyperparameters."""

UNALIGNED = frozenset(
    {
        FlagCode.NEVER_ALIGNED,
        FlagCode.ALIGNMENT_LOST,
        FlagCode.ALIGNMENT_CRITICAL,
        FlagCode.OFF_DIAGONAL,
        FlagCode.ALIGNMENT_WEAK,
    }
)
FOLLOWS_ALIGNMENT = frozenset({FlagCode.EARLY_STOPS, FlagCode.MISSED_STOPS})
"""Beside one of :data:`UNALIGNED` no trouble of their own: who lost the text can't find its end."""
