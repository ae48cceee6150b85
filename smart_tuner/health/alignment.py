"""Rules on attention, after the grace period: ``never_aligned`` and ``alignment_lost``."""

from smart_tuner.health.history import EvaluationSeen, History
from smart_tuner.health.reasons import Cause, Reason
from smart_tuner.health.settings import AlignmentLostRule, NeverAlignedRule
from smart_tuner.health.verdict import Verdict

_COPY_RATIOS = {1: 0.33, 2: 0.44, 3: 0.52, 5: 0.67}
"""``mel_l1_ratio`` of a decoder that copies the last frame, by reduction factor (METRICS)."""
_COPY_TOLERANCE = 0.05


def never_aligned(history: History, rule: NeverAlignedRule, grace_steps: int) -> Verdict | None:
    """The newest evaluation, past the grace period, shows no attention to the text."""
    if not rule.enabled or not history.evaluations:
        return None
    newest = history.evaluations[-1]
    ratio = _mel_l1_ratio(history, newest)
    diagonal = newest.metrics.get("alignment.diagonal_score")
    if diagonal is None or newest.step <= grace_steps:
        return None  # without alignment diagnostics nobody knows
    if not _unaligned(ratio, diagonal, rule, late=newest.step > 2 * grace_steps):
        return None
    evidence = {"grace_steps": float(grace_steps)}
    if ratio is not None:
        evidence["mel_l1_ratio"] = ratio
    evidence["alignment.diagonal_score"] = diagonal
    cause = _likely_cause(ratio, history.n_frames_per_step)
    return Verdict(Reason.NEVER_ALIGNED, newest.step, evidence, cause)


def alignment_lost(history: History, rule: AlignmentLostRule, grace_steps: int) -> Verdict | None:
    """It was aligned once, and ``rule.evaluations`` running say that it no longer is."""
    overall = [
        (seen.step, seen.metrics["alignment.overall_score"])
        for seen in history.evaluations
        if "alignment.overall_score" in seen.metrics
    ]
    earlier, latest = overall[: -rule.evaluations], overall[-rule.evaluations :]
    if not rule.enabled or not earlier or latest[-1][0] <= grace_steps:
        return None
    best_step, best = max(earlier, key=lambda seen: seen[1])
    if best < rule.best or any(score >= rule.share * best for _, score in latest):
        return None
    evidence = {
        "alignment.overall_score": latest[-1][1],
        "best": best,
        "best_step": float(best_step),
        "evaluations_below": float(len(latest)),
    }
    return Verdict(Reason.ALIGNMENT_LOST, latest[-1][0], evidence)


def _unaligned(ratio: float | None, diagonal: float, rule: NeverAlignedRule, *, late: bool) -> bool:
    if ratio is not None and ratio > rule.mel_l1_ratio:
        return True
    if diagonal >= rule.diagonal_score:
        return False
    return late or (ratio is not None and ratio > rule.mel_l1_ratio_off_diagonal)


def _mel_l1_ratio(history: History, seen: EvaluationSeen) -> float | None:
    mel_l1 = seen.metrics.get("validation.mel_l1")
    if mel_l1 is None or not history.baseline_mel_l1:
        return None
    return mel_l1 / history.baseline_mel_l1


def _likely_cause(ratio: float | None, n_frames_per_step: int) -> Cause | None:
    copying = _copy_ratio(n_frames_per_step)
    if ratio is None or copying is None or abs(ratio - copying) > _COPY_TOLERANCE:
        return None
    return Cause.COPIES_LAST_FRAME


def _copy_ratio(n_frames_per_step: int) -> float | None:
    """As measured, or the mean of its measured neighbours; ``None`` beyond them."""
    neighbours = [_COPY_RATIOS.get(n_frames_per_step + offset) for offset in (-1, 0, 1)]
    below, here, above = neighbours
    if here is not None or below is None or above is None:
        return here
    return (below + above) / 2
