"""What to change where no trial of a study was completed."""

from collections import Counter
from collections.abc import Iterable

from smart_tuner.health.reasons import Reason
from storage.records import TrialRecord, TrialRole

_REMEDIES: dict[str, str] = {
    Reason.GRADIENT_EXPLOSION: (
        "Trials whose gradient exploded need lower learning rates in space, a lower "
        "grad_clip_thresh, or study.rescue: true."
    ),
    Reason.NON_FINITE: (
        "Trials with numbers that were not finite need lower learning rates in space, a precision "
        "of fp32, or study.rescue: true."
    ),
    Reason.NEVER_ALIGNED: (
        "Trials that never aligned need more trainer.steps, or a longer health.grace_steps."
    ),
    Reason.ALIGNMENT_LOST: (
        "Trials that lost their alignment need lower learning rates in space, or a higher "
        "guide_loss_weight."
    ),
    Reason.STATISTICAL: (
        "Trials that the pruner gave up need a later pruner.n_warmup_steps or min_resource, or "
        "pruner.kind: none."
    ),
    Reason.OUT_OF_MEMORY: (
        "Trials that ran out of memory need a smaller batch_size or micro_batch_size, or fewer "
        "study.jobs."
    ),
    Reason.STALLED: "Trials that stalled say in their trainer.log how far they came.",
    Reason.CRASHED: "Trials that crashed say why in their trainer.log.",
    Reason.BAD_INPUT: "Trials refused as bad input say in their trainer.log what to mend.",
}


def advice(trials: Iterable[TrialRecord]) -> str:
    """A sentence for each reason why trials (probes aside) ended early, the commonest first."""
    reasons = Counter(t.reason for t in trials if t.reason and t.role is TrialRole.TRIAL)
    return " ".join(_REMEDIES[reason] for reason, _ in reasons.most_common() if reason in _REMEDIES)
