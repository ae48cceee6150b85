"""Stable identifiers of an assessment; the words for them are each reader's own."""

from enum import StrEnum


class FlagCode(StrEnum):
    """What may be wrong with a training (METRICS, "Status"). The first four are rules that prune,
    under the names of their reasons."""

    NON_FINITE = "non_finite"
    GRADIENT_EXPLOSION = "gradient_explosion"
    ALIGNMENT_LOST = "alignment_lost"
    NEVER_ALIGNED = "never_aligned"
    RESTARTS_IN_A_ROW = "restarts_in_a_row"
    GRADIENT_NORM_CRITICAL = "gradient_norm_critical"
    ALIGNMENT_CRITICAL = "alignment_critical"
    OFF_DIAGONAL = "off_diagonal"
    GRADIENT_NORM_HIGH = "gradient_norm_high"
    ALIGNMENT_WEAK = "alignment_weak"
    PLATEAU = "plateau"
    EARLY_STOPS = "early_stops"
    MISSED_STOPS = "missed_stops"
    RESUMED = "resumed"


class CheckCode(StrEnum):
    """What a successful training has (METRICS, "Success of a training")."""

    CALM_GRADIENT = "calm_gradient"
    DIAGONAL_ATTENTION = "diagonal_attention"
    LOW_LOSS = "low_loss"
    GOOD_QUALITY = "good_quality"
    NO_RESTART_AT_ZERO = "no_restart_at_zero"


class Direction(StrEnum):
    """Where to move a hyperparameter."""

    LOWER = "lower"
    RAISE = "raise"
    SWITCH_ON = "switch_on"
    SET = "set"


class AdviceCode(StrEnum):
    """Why moving a hyperparameter helps."""

    SMALLER_STEPS = "smaller_steps"
    CLIP_HARDER = "clip_harder"
    WARM_UP = "warm_up"
    RESCUE = "rescue"
    FULL_PRECISION = "full_precision"
    LEARN_FASTER = "learn_faster"
    LONGER_DECODER_STEPS = "longer_decoder_steps"
    GUIDE_ATTENTION = "guide_attention"
    GUIDE_LONGER = "guide_longer"
    LEAN_ON_THE_TEXT = "lean_on_the_text"
    HEAR_THE_TEXT = "hear_the_text"
    WEIGH_STOPS_LESS = "weigh_stops_less"
    WEIGH_STOPS_MORE = "weigh_stops_more"
    STOP_LATER = "stop_later"
    STOP_SOONER = "stop_sooner"
    FINER_STEPS = "finer_steps"
    DECAY = "decay"
    FEWER_AT_ONCE = "fewer_at_once"
    FEWER_DECODER_STEPS = "fewer_decoder_steps"
