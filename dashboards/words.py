"""English for the codes of an assessment: the one place where they become prose."""

from collections.abc import Mapping

from dashboards.formatting import quantity
from storage.assessment import Check, Flag, Recommendation
from storage.study_level import StudyReason

LEVELS: Mapping[str, str] = {
    "STABLE": "no number of this training is alarming",
    "NEEDS ATTENTION": "something should be looked at; the training may still be good",
    "CRITICAL": "the training has gone wrong, or is about to",
}
REASONS: Mapping[str, str] = {
    "gradient_explosion": "the gradient exploded",
    "non_finite": "a loss or a gradient was not finite",
    "never_aligned": "the attention never found the text",
    "alignment_lost": "the attention followed the text once, and no longer does",
    "statistical": "it was worse than its peers",
    "out_of_memory": "there was not enough memory",
    "stopped": "it was stopped",
    "stalled": "it made no progress any more",
    "crashed": "the trainer crashed or was killed",
    "bad_input": "the input was refused",
}
FLAGS: Mapping[str, str] = {
    **{
        rule: REASONS[rule]
        for rule in ("non_finite", "gradient_explosion", "alignment_lost", "never_aligned")
    },
    "restarts_in_a_row": "it was rescued again and again, and got no further",
    "gradient_norm_critical": "the gradient norm is far too high",
    "alignment_critical": "the attention hardly follows the text",
    "off_diagonal": "the attention does not move along the text",
    "gradient_norm_high": "the gradient norm is high",
    "alignment_weak": "the attention follows the text poorly",
    "plateau": "the validation loss no longer falls",
    "early_stops": "it stops before sentences end",
    "missed_stops": "it does not stop where sentences end",
    "resumed": "it was interrupted, and went on",
}
CAUSES: Mapping[str, str] = {
    "copies_last_frame": "most likely the decoder repeats the frame it was fed",
}
STUDY: Mapping[str, str] = {
    "controller_lost": "nobody runs the study any more: start it again to continue",
    "same_failure_in_a_row": "the last trials all ended for the same reason",
}
CHECKS: Mapping[str, tuple[str, str]] = {
    "calm_gradient": ("gradient norm, median of the last 200 steps", "<"),
    "diagonal_attention": ("diagonality of the attention", ">"),
    "low_loss": ("validation loss", "<"),
    "good_quality": ("quality", ">"),
    "no_restart_at_zero": ("beginnings anew at step 0", "="),
}
"""What is checked, and how it compares with the threshold."""
DIRECTIONS: Mapping[str, str] = {
    "lower": "lower",
    "raise": "raise",
    "switch_on": "switch on",
    "set": "set",
}
ADVICE: Mapping[str, str] = {
    "smaller_steps": "smaller steps keep training from flying apart",
    "clip_harder": "a stray batch then moves the weights less",
    "warm_up": "the first steps, whose gradients are wild, are then small ones",
    "rescue": "trials then go back to a good checkpoint, at a lower rate",
    "full_precision": "half precision overflows and rounds earlier",
    "learn_faster": "so small a rate learns too little in the time that a trial has",
    "longer_decoder_steps": "fewer, longer steps align sooner, and copying a frame helps less",
    "guide_attention": "it pulls the attention to the diagonal",
    "guide_longer": "the attention is then guided until it holds by itself",
    "lean_on_the_text": "the decoder can rely less on the frame it was fed, and more on the text",
    "hear_the_text": "the decoder is then trained to be understood, not only to continue",
    "weigh_stops_less": "the gate then needs to be surer before it opens",
    "weigh_stops_more": "the one step that stops counts for more against all that don't",
    "stop_later": "the gate then has to be surer to stop",
    "stop_sooner": "the gate then stops when it is less sure",
    "finer_steps": "smaller steps find what larger ones jump over",
    "decay": "the rate then falls as training goes on",
    "fewer_at_once": "the same batch then goes through the model in smaller parts",
    "fewer_decoder_steps": "fewer decoder steps have to be remembered",
}
_KEYS: Mapping[str, str] = {"rescue": "study.rescue"}
"""Hyperparameters that a study sets by another key."""


def flag_text(flag: Flag) -> str:
    """``the gradient norm is high (gradient.norm 12.4, threshold 10) at step 412``."""
    values = dict(flag.values)
    cause = values.pop("cause", None)
    details = evidence_text(values)
    text = FLAGS.get(flag.code, flag.code) + (f" ({details})" if details else "")
    text += f" at step {flag.step}"
    return f"{text}: {CAUSES.get(cause, cause)}" if cause else text


def evidence_text(values: Mapping[str, object]) -> str:
    """``gradient.norm 512, threshold 100``."""
    return ", ".join(f"{name} {quantity(value)}" for name, value in values.items())


def study_reason_text(reason: StudyReason) -> str:
    """What makes a study's level: of the study itself, or of one of its trials."""
    text = STUDY.get(reason.code) or FLAGS.get(reason.code, reason.code)
    if reason.cause is not None:
        text += f": {REASONS.get(reason.cause, reason.cause)}"
    return text if reason.number is None else f"trial {reason.number}: {text}"


def check_text(check: Check) -> tuple[str, str]:
    """What is checked, and what is wanted: ``("quality", "> 0.8")``."""
    what, sign = CHECKS.get(check.code, (check.code, "?"))
    return what, f"{sign} {quantity(check.threshold)}"


def move_text(one: Recommendation) -> str:
    """``lower learning_rate``, ``switch on study.rescue`` or ``set precision to fp32``."""
    direction = DIRECTIONS.get(one.direction, one.direction)
    text = f"{direction} {_KEYS.get(one.hparam, one.hparam)}"
    return text if one.to is None else f"{text} to {quantity(one.to)}"


def recommendation_text(one: Recommendation) -> str:
    """``lower learning_rate (now 0.3): smaller steps keep training from flying apart``."""
    known = one.now is not None and not isinstance(one.now, bool)
    now = f" (now {quantity(one.now)})" if known else ""
    return f"{move_text(one)}{now}: {ADVICE.get(one.code, one.code)}"
