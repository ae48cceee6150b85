"""The parts of the report's page, as plain texts: the template only places them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.formatting import NOTHING, duration, number, setting, values_text
from dashboards.notes.commands import study_commands
from dashboards.objectives import directions_of
from dashboards.report.failures import Failures
from dashboards.report.material import Material
from dashboards.report.media import Medium, picture
from dashboards.report.texts import WORDS
from dashboards.report.trial_view import Pairs, TrialView, VoiceView, trial_view, voice_view
from dashboards.space import range_text
from dashboards.words import REASONS
from storage.records import TrialRecord

_STATES = ("running", "queued", "paused", "lost", "complete", "pruned", "failed")
MOST_VOICES = 5
MOST_OF_A_REASON = 100
MOST_NUMBERS = 20
BEST_LISTED, NEWEST_LISTED = 100, 400


@dataclass(frozen=True)
class FailureView:
    """The trials that ended early for one reason."""

    reason: str
    meaning: str
    count: int
    saved: str
    trials: Sequence[TrialView]
    more: int
    """Of them are left out."""
    example: TrialView | None
    """Whose picture is shown."""
    picture: Medium | None


@dataclass(frozen=True)
class CostRow:
    """What the trials of one outcome have cost."""

    outcome: str
    trials: str
    steps: str
    time: str
    share: str


def cards(material: Material) -> Pairs:
    """The study in short."""
    summary, status = material.summary, material.summary.status
    found = [
        (WORDS["state"], status.state.value.replace("_", " ")),
        (WORDS["status"], str(status.level)),
        (WORDS["trials"], _counts(material)),
        (WORDS["best"], _best(material)),
        (WORDS["trained"], WORDS["trained_of"].format(steps=summary.steps)),
        (WORDS["hours"], duration(summary.seconds)),
        (WORDS["saved"], _saved(material)),
    ]
    if status.budget is not None:
        spent, hours = number(status.budget.spent_hours, 1), number(status.budget.hours, 1)
        found.append((WORDS["budget"], WORDS["budget_of"].format(spent=spent, hours=hours)))
    return found


def voices(material: Material) -> list[VoiceView]:
    """The best trial; with several objectives the front, as far as it is shown."""
    best = material.summary.best
    if best is None:
        return []
    if not material.summary.front:
        return [voice_view(best)]
    others = [trial for trial in material.front if trial.number != best.number]
    return [voice_view(trial) for trial in [best, *others][:MOST_VOICES]]


def searched(material: Material) -> list[tuple[str, str, str]]:
    """Name, range, and what the best trial had."""
    best = material.summary.best
    return [
        (name, range_text(entry), NOTHING if best is None else setting(best.params.get(name)))
        for name, entry in (material.summary.study.identity.get("space") or {}).items()
    ]


def setup(material: Material) -> Pairs:
    """What was the same for all trials."""
    identity, config = material.summary.study.identity, material.summary.study.config
    pairs = zip(material.summary.objectives, directions_of(material.summary.study), strict=False)
    found = {
        "model": identity.get("preset"),
        "language": identity.get("language"),
        "corpus": str(identity.get("corpus") or "")[:12],
        "objective": ", ".join(f"{direction} {name}" for name, direction in pairs),
        "steps_a_trial": identity.get("steps"),
        "sampler": config.get("sampler", {}).get("kind"),
        "pruner": config.get("pruner", {}).get("kind"),
        **{name: setting(value) for name, value in (identity.get("hparams") or {}).items()},
    }
    return [(WORDS.get(name, name), str(value)) for name, value in found.items() if value]


def failure_views(material: Material) -> list[FailureView]:
    """By reason."""
    return [_failure(one) for one in material.failures]


def costs(material: Material) -> list[CostRow]:
    """By outcome; the last row is the total."""
    rows: dict[str, list[TrialRecord]] = {}
    for trial in material.trials:
        rows.setdefault(trial.state.value, []).append(trial)
    found = [_cost(outcome, trials, material) for outcome, trials in sorted(rows.items())]
    return [*found, _cost(WORDS["total"], material.trials, material)]


def listed(material: Material) -> list[TrialRecord]:
    """All trials, or the best and the newest of many; by number."""
    trials = material.trials
    if len(trials) <= BEST_LISTED + NEWEST_LISTED:
        return list(trials)
    valued = [trial for trial in trials if trial.value is not None]
    minimize = "minimize" in directions_of(material.summary.study)[:1]
    best = sorted(valued, key=lambda one: one.value or 0.0, reverse=not minimize)[:BEST_LISTED]
    numbers = {trial.number for trial in [*best, *trials[-NEWEST_LISTED:]]}
    return [trial for trial in trials if trial.number in numbers]


def speak_command(material: Material) -> str:
    """How to let the best voice say something else."""
    commands = study_commands(material.summary.study, material.summary.status.state)
    return next((one for one in commands if " synthesize " in one), "")


def _failure(group: Failures) -> FailureView:
    example = next((one for one in reversed(group.trials) if one.alignment_png), None)
    shown = group.trials[:MOST_OF_A_REASON]
    return FailureView(
        reason=group.reason,
        meaning=REASONS.get(group.reason, ""),
        count=len(group.trials),
        saved=WORDS["saved_of"].format(steps=group.steps_saved, hours=duration(group.seconds_saved))
        if group.steps_saved
        else "",
        trials=[trial_view(trial) for trial in shown],
        more=len(group.trials) - len(shown),
        example=None if example is None else trial_view(example),
        picture=None if example is None else picture(example.alignment_png),
    )


def _cost(outcome: str, trials: Sequence[TrialRecord], material: Material) -> CostRow:
    taken = [material.cost(trial) for trial in trials]
    seconds = sum(cost.seconds for cost in taken)
    whole = material.summary.seconds
    return CostRow(
        outcome=outcome,
        trials=f"{len(trials):,}",
        steps=f"{sum(cost.steps for cost in taken):,}",
        time=duration(seconds),
        share=f"{seconds / whole:.0%}" if whole else NOTHING,
    )


def _counts(material: Material) -> str:
    counts = material.summary.status.counts
    named = [(getattr(counts, name), name) for name in _STATES]
    return ", ".join(f"{n:,} {name}" for n, name in named if n) or WORDS["no_trials"]


def _best(material: Material) -> str:
    best = material.summary.best
    if best is None:
        return WORDS["no_best"]
    values = best.values or ((best.value,) if best.value is not None else ())
    shown = values_text(material.summary.objectives, values)
    return f"{shown} ({WORDS['trial'].lower()} {best.number})"


def _saved(material: Material) -> str:
    summary = material.summary
    if not summary.steps_saved:
        return WORDS["nothing_saved"]
    hours = duration(summary.seconds_saved)
    return WORDS["saved_of"].format(steps=summary.steps_saved, hours=hours)
