"""What to change where no trial of a study was completed."""

from collections import Counter
from collections.abc import Iterable, Sequence

from dashboards.words import move_text
from smart_tuner.health.reasons import Reason
from storage.assessment import Assessment
from storage.records import TrialRecord, TrialRole

_BESIDE: dict[str, str] = {
    Reason.NEVER_ALIGNED: "more trainer.steps, or a longer health.grace_steps",
    Reason.STATISTICAL: (
        "a later pruner.n_warmup_steps or pruner.min_resource, or pruner.kind: none"
    ),
    Reason.OUT_OF_MEMORY: "fewer study.jobs",
    Reason.STALLED: "their trainer.log says how far they came",
    Reason.CRASHED: "their trainer.log says why",
    Reason.BAD_INPUT: "their trainer.log says what to mend",
}
"""What is no matter of hyperparameters."""
_MOST_MOVES = 4


def advice(trials: Iterable[TrialRecord]) -> str:
    """A sentence for each reason why trials (probes aside) ended early, the commonest first."""
    ended = [t for t in trials if t.reason and t.role is TrialRole.TRIAL]
    reasons = Counter(t.reason for t in ended).most_common()
    said = [_sentence(str(r), [t for t in ended if t.reason == r]) for r, _ in reasons]
    return " ".join(sentence for sentence in said if sentence)


def _sentence(reason: str, trials: Sequence[TrialRecord]) -> str:
    """``3 by gradient_explosion: lower learning_rate; lower grad_clip_thresh.``"""
    remedies = [*_moves(reason, trials), *([_BESIDE[reason]] if reason in _BESIDE else [])]
    return f"{len(trials)} by {reason}: {'; '.join(remedies)}." if remedies else ""


def _moves(reason: str, trials: Iterable[TrialRecord]) -> list[str]:
    """What was recommended to the most of ``trials``."""
    found = Counter(
        move_text(one)
        for trial in trials
        if trial.assessment is not None
        for one in Assessment.from_json(trial.assessment).recommendations
        if one.because in (reason, trial.evidence.get("cause"))
    )
    return [move for move, _ in found.most_common(_MOST_MOVES)]
