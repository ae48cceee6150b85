"""One trial, as the report shows it: plain texts for a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.assessment import assessment_of
from dashboards.evidence import Evidence, evidence_of
from dashboards.formatting import NOTHING, number, quantity, setting
from dashboards.report.media import Medium, picture, sound
from dashboards.sections import METRICS
from dashboards.tables import trial_value
from dashboards.words import check_text, flag_text, recommendation_text
from storage.records import TrialRecord, TrialRole

MARKS = {True: "✓", False: "✗", None: NOTHING}
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class TrialView:
    """What is said of any trial."""

    number: int
    name: str
    """``3`` or ``3 (probe)``."""
    state: str
    reason: str
    step: str
    value: str
    status: str
    evidence: Evidence
    advice: Sequence[str]
    params: Pairs


@dataclass(frozen=True)
class VoiceView:
    """What is said of one of the best."""

    trial: TrialView
    sound: Medium
    picture: Medium
    scores: Pairs
    checklist: Sequence[tuple[str, str, str, str]]
    """Mark, what is checked, its value, what is wanted."""
    flags: Sequence[str]


def trial_view(trial: TrialRecord) -> TrialView:
    """Any trial."""
    assessment = assessment_of(trial)
    role = "" if trial.role is TrialRole.TRIAL else f" ({trial.role.value})"
    return TrialView(
        number=trial.number,
        name=f"{trial.number}{role}",
        state=trial.state.value,
        reason=trial.reason or "",
        step=NOTHING if trial.step is None else f"{trial.step:,}",
        value=trial_value(trial),
        status=trial.status or "",
        evidence=evidence_of(trial.evidence),
        advice=[recommendation_text(one) for one in assessment.recommendations]
        if assessment
        else [],
        params=[(name, setting(value)) for name, value in trial.params.items()],
    )


def voice_view(trial: TrialRecord) -> VoiceView:
    """One of the best, with its picture and its voice."""
    assessment = assessment_of(trial)
    return VoiceView(
        trial=trial_view(trial),
        sound=sound(trial.sample_wav),
        picture=picture(trial.alignment_png),
        scores=[(name, number(trial.metrics[name])) for name in METRICS if name in trial.metrics],
        checklist=[
            (MARKS[check.passed], what, _value(check.value), wanted)
            for check in (assessment.checklist if assessment else ())
            for what, wanted in [check_text(check)]
        ],
        flags=[flag_text(flag) for flag in assessment.flags] if assessment else [],
    )


def _value(value: float | None) -> str:
    return NOTHING if value is None else quantity(value)
