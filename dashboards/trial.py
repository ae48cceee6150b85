"""One trial in full: what it is doing, how it stands and why, and what to try."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from dashboards.assessment import assessment_of, assessment_sections
from dashboards.attempts import attempts_table
from dashboards.formatting import NOTHING
from dashboards.sections import heading, pairs, settings_and_results
from dashboards.states import level, trial_state
from dashboards.tables import trial_value
from dashboards.words import CAUSES, LEVELS, REASONS, evidence_text
from storage.assessment import Assessment
from storage.records import AttemptRecord, TrialRecord, TrialRole


def trial_panel(trial: TrialRecord, attempts: Sequence[AttemptRecord]) -> RenderableType:
    """State and reason with the values that decided, status, attempts, scores and files."""
    role = "" if trial.role is TrialRole.TRIAL else f" ({trial.role})"
    title = Text(f"Trial {trial.number}{role}", style="bold")
    assessment = assessment_of(trial)
    parts: list[RenderableType] = [Rule(title, align="left"), pairs(_facts(trial, assessment))]
    if assessment is not None:
        parts += assessment_sections(assessment)
    if attempts:
        parts += [heading("Attempts"), attempts_table(attempts)]
    return Group(*parts, *settings_and_results(trial))


def _facts(trial: TrialRecord, assessment: Assessment | None) -> list[tuple[str, Text]]:
    facts = [("state", _state(trial))]
    flagged = assessment is not None and trial.reason in {flag.code for flag in assessment.flags}
    if trial.evidence and not flagged:  # else the flag has the same values
        facts.append(("evidence", _evidence(trial)))
    facts.append(("status", _status(trial)))
    facts.append(("value", Text(trial_value(trial))))
    return facts


def _state(trial: TrialRecord) -> Text:
    line = Text.assemble(trial_state(trial.state))
    if trial.step is not None:
        line.append(f" at step {trial.step}")
    if trial.reason:
        words = REASONS.get(trial.reason)
        line.append(f": {words} ({trial.reason})" if words else f": {trial.reason}")
    return line


def _evidence(trial: TrialRecord) -> Text:
    values = dict(trial.evidence)
    cause = values.pop("cause", None)
    return Text(evidence_text(values) + (f"; {CAUSES.get(cause, cause)}" if cause else ""))


def _status(trial: TrialRecord) -> Text:
    if trial.status is None:
        return Text(f"{NOTHING} (not judged yet)")
    return level(trial.status).append(f": {LEVELS[trial.status]}", style="not bold default")
