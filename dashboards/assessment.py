"""How a trial stands, and why: level, red flags, checklist and recommendations."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dashboards.formatting import NOTHING, quantity
from dashboards.sections import heading, pairs
from dashboards.states import level
from dashboards.words import LEVELS, check_text, flag_text, recommendation_text
from storage.assessment import Assessment, Check
from storage.records import TrialRecord

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: (NOTHING, "dim")}


def assessment_of(trial: TrialRecord) -> Assessment | None:
    """What the controller has stored; ``None`` before a trial's first evaluation."""
    return None if trial.assessment is None else Assessment.from_json(trial.assessment)


def status_line(trial: TrialRecord) -> Text:
    """The level in one line: why it is not ``STABLE``, and who says more."""
    assert trial.status is not None
    line = Text.assemble("Status: ", level(trial.status))
    assessment = assessment_of(trial)
    if assessment is None or not assessment.flags:
        return line.append(f", {LEVELS[trial.status]}")
    line.append(": " + "; ".join(map(flag_text, assessment.flags)))
    return line.append(f" ('smart-tuner show {trial.number}' says more)")


def assessment_sections(assessment: Assessment) -> list[RenderableType]:
    """Red flags and recommendations where there are any, and the checklist."""
    flags = [(level(flag.severity), flag_text(flag)) for flag in assessment.flags]
    advice = [("•", recommendation_text(one)) for one in assessment.recommendations]
    parts: list[RenderableType] = []
    if flags:
        parts += [heading("Red flags"), pairs(flags)]
    parts += [heading("What a successful training has"), _checklist(assessment.checklist)]
    if advice:
        parts += [heading("Recommendations"), pairs(advice)]
    return parts


def _checklist(checks: Sequence[Check]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for check in checks:
        what, wanted = check_text(check)
        mark, style = _MARKS[check.passed]
        value = Text(NOTHING if check.value is None else quantity(check.value), justify="right")
        grid.add_row(Text.assemble("  ", (mark, style)), Text(what), value, Text(wanted))
    return grid
