"""Health: when a trial is pruned and how it stands, decided by pure functions of its history."""

from smart_tuner.health.assessment import assess
from smart_tuner.health.grace import grace_steps, is_too_short
from smart_tuner.health.history import EvaluationSeen, History, StepSeen, history_of
from smart_tuner.health.judge import follow, judge
from smart_tuner.health.reasons import Cause, Reason
from smart_tuner.health.settings import HealthSection
from smart_tuner.health.verdict import Verdict
from storage.assessment import Assessment
from storage.levels import Level

__all__ = [
    "Assessment",
    "Cause",
    "EvaluationSeen",
    "HealthSection",
    "History",
    "Level",
    "Reason",
    "StepSeen",
    "Verdict",
    "assess",
    "follow",
    "grace_steps",
    "history_of",
    "is_too_short",
    "judge",
]
