"""The view that is redrawn while a study runs."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dashboards.formatting import duration, fraction, number
from dashboards.states import level, study_state, trial_role, trial_state
from dashboards.tables import plain_table, trial_value
from dashboards.words import study_reason_text
from storage.records import ProgressRecord, StudyState, StudyStatus, TrialRecord, TrialRole
from storage.study_level import CONTROLLER_LOST

_RECENT = 5
_MOST_REASONS = 5
_BAR_WIDTH = 8
_STATES = ("running", "queued", "paused", "lost", "complete", "pruned", "failed")


def live_view(status: StudyStatus, trials: Sequence[TrialRecord]) -> RenderableType:
    """A study as it stands: its progress, the trials that run, the best, the newest to end."""
    parts: list[RenderableType] = [_header(status), _overall_progress(status)]
    parts += [*_budget(status), *_reasons(status), Text()]
    if status.running:
        parts.append(_running_table(status.running, trials))
    parts.append(_best_line(status))
    ended = [trial for trial in trials if trial.state.ended]
    parts += [_ended_line(trial) for trial in _newest(ended)]
    return Group(*parts)


def _header(status: StudyStatus) -> Text:
    counts = [(getattr(status.counts, name), name) for name in _STATES]
    numbers = ", ".join(f"{number} {name}" for number, name in counts if number)
    line = Text.assemble((status.study, "bold"), " · ", study_state(status.state))
    if status.controllers > 1:
        line.append(f" by {status.controllers} controllers")
    if status.state is StudyState.CONTROLLER_LOST:
        age = duration(status.heartbeat_age_seconds)
        line.append(f" (last heard of {age} ago: start the study again to continue)")
    line.append(" · ").append_text(level(status.level))
    return line.append(f" · {numbers or 'no trials yet'}")


def _reasons(status: StudyStatus) -> list[Text]:
    """Why the level is what it is; ``smart-tuner show`` says more of a trial."""
    reasons = [r for r in status.reasons if r.code != CONTROLLER_LOST]  # the header says that
    shown = reasons[:_MOST_REASONS]
    lines = [Text.assemble(level(r.level), " ", study_reason_text(r)) for r in shown]
    if len(reasons) > len(shown):
        lines.append(Text(f"... and {len(reasons) - len(shown)} more"))
    number = next((r.number for r in shown if r.number is not None), None)
    if number is not None:
        lines.append(Text(f"More: smart-tuner show {number}"))
    return lines


def _overall_progress(status: StudyStatus) -> Table:
    """The bar of the whole study; without a target it has no length and is left out."""
    grid = Table.grid(padding=(0, 1))
    cells: list[RenderableType] = [
        Text(f"trials {fraction(status.trials_ended, status.trials_target)}"),
        Text(f"time left {duration(status.eta_seconds)}"),
    ]
    if status.trials_target:
        cells.insert(1, ProgressBar(status.trials_target, status.trials_ended, width=30))
    grid.add_row(*cells)
    return grid


def _budget(status: StudyStatus) -> list[Text]:
    if status.budget is None:
        return []
    spent, whole = status.budget.spent_hours * 3600.0, status.budget.hours * 3600.0
    return [Text(f"budget {duration(spent)} of {duration(whole)}")]


def _running_table(running: Sequence[ProgressRecord], trials: Sequence[TrialRecord]) -> Table:
    roles = {trial.number: trial.role for trial in trials}
    table = plain_table("trial", "role", "step", "")
    for name in ("loss", "gradient\nnorm", "diago-\nnality", "quality", "steps\nper s"):
        table.add_column(name, justify="right", no_wrap=True)
    for progress in running:
        table.add_row(
            Text(str(progress.number)),
            trial_role(roles.get(progress.number, TrialRole.TRIAL)),
            Text(fraction(progress.step, progress.steps)),
            _bar(progress),
            *_numbers(progress),
        )
    return table


def _bar(progress: ProgressRecord) -> RenderableType:
    if not progress.steps:
        return Text()
    return ProgressBar(progress.steps, progress.step, width=_BAR_WIDTH)


def _numbers(progress: ProgressRecord) -> list[Text]:
    texts = (
        number(progress.loss),
        number(progress.gradient_norm, 2),
        number(progress.diagonal_score, 2),
        number(progress.quality, 2),
        number(progress.steps_per_second, 1),
    )
    return [Text(text) for text in texts]


def _best_line(status: StudyStatus) -> Text:
    if status.best is None:
        return Text("Best so far: none yet")
    return Text.assemble(
        "Best so far: ", (number(status.best.value), "bold green"), f" (trial {status.best.number})"
    )


def _newest(ended: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The last to end, the newest first; those without a time of their end count as oldest."""
    return sorted(
        ended,
        key=lambda t: (t.ended_at.timestamp() if t.ended_at else 0.0, t.number),
        reverse=True,
    )[:_RECENT]


def _ended_line(trial: TrialRecord) -> Text:
    line = Text(f"Trial {trial.number} ")
    if trial.role is not TrialRole.TRIAL:
        line.append_text(Text.assemble("(", trial_role(trial.role), ") "))
    line.append_text(trial_state(trial.state))
    if trial.reason:
        line.append(f": {trial.reason}")
    if trial.step is not None:
        line.append(f" at step {trial.step}")
    shown = trial_value(trial)
    return line.append(f", value {shown}") if trial.value is not None or trial.values else line
