"""The one judgement of how a trial stands, for all who show it: a pure function of its history."""

from smart_tuner.health.checklist import checklist
from smart_tuner.health.flags import flags
from smart_tuner.health.history import History
from smart_tuner.health.reasons import Reason
from smart_tuner.health.recommendations import recommendations
from smart_tuner.health.settings import HealthSection
from storage.assessment import Assessment


def assess(
    history: History, settings: HealthSection, grace_steps: int, *, reason: Reason | None = None
) -> Assessment:
    """Level, red flags, checklist of success and recommendations, as codes without prose.

    Args:
        history: what the trial's events have said, every attempt's.
        settings: the thresholds.
        grace_steps: the trial's grace period.
        reason: why it ended early, if it did.
    """
    found = flags(history, settings, grace_steps, reason)
    return Assessment(
        flags=found,
        checklist=checklist(history, settings),
        recommendations=recommendations(found, reason, history.hparams),
    )
