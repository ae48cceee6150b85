"""How a study stands, as Markdown."""

from collections.abc import Iterator, Sequence

from dashboards.formatting import NOTHING, duration, number, setting, values_text
from dashboards.mlflow_runs import mlflow_url
from dashboards.notes import texts
from dashboards.notes.commands import study_commands
from dashboards.notes.markdown import block, bullets, code, link, table, text
from dashboards.notes.places import control_path
from dashboards.savings import Saving
from dashboards.space import range_text
from dashboards.summary import Summary, read_summary
from dashboards.words import REASONS, study_reason_text
from storage.database import Database
from storage.records import StudyStatus, TrialRecord, TrialRole

_STATES = ("running", "queued", "paused", "lost", "complete", "pruned", "failed")
_MOST_OF_FRONT = 20


def study_note(database: Database, study: str) -> str:
    """State, counts, the best, what it costs and has saved, what is searched, commands.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    summary = read_summary(database, study)
    return "\n\n".join(_parts(summary, mlflow_url(database, study, None))) + "\n"


def _parts(summary: Summary, mlflow: str | None) -> Iterator[str]:
    status = summary.status
    state = status.state.value.replace("_", " ")
    yield f"**{texts.STUDY}** {code(status.study)}: **{state}**, {status.level}"
    yield bullets([*summary_facts(summary), *_links(status.study, mlflow)])
    if status.reasons:
        reasons = (f"**{one.level}**: {text(study_reason_text(one))}" for one in status.reasons)
        yield f"### {texts.REASONS}\n\n{bullets(reasons)}"
    if summary.saved:
        yield f"### {texts.ENDS}\n\n{savings_table(summary.saved)}"
    if summary.study.identity.get("space"):
        yield f"### {texts.SEARCHED}\n\n{space_table(summary)}"
    yield f"### {texts.NEXT}\n\n{block(study_commands(summary.study, status.state))}"


def summary_facts(summary: Summary) -> Iterator[str]:
    """Counts, best, budget, time left, cost and savings, each a line of Markdown."""
    status = summary.status
    yield f"{texts.COUNTS}: {_counts(status)}"
    yield f"{texts.BEST}: {_best(summary)}"
    if status.budget is not None:
        spent, hours = number(status.budget.spent_hours, 1), number(status.budget.hours, 1)
        yield f"{texts.BUDGET}: {texts.SPENT.format(spent=spent, hours=hours)}"
    if status.eta_seconds is not None:
        time = duration(status.eta_seconds)
        yield f"{texts.TIME_LEFT}: {texts.ABOUT.format(time=time)}"
    hours = duration(summary.seconds)
    yield f"{texts.COST}: {texts.COST_OF.format(steps=summary.steps, hours=hours)}"
    yield f"{texts.SAVED}: {_saved(summary)}"


def _links(study: str, mlflow: str | None) -> Iterator[str]:
    yield f"{texts.CONTROL}: {link(texts.THE_CONTROL_PAGE, control_path(study))}"
    if mlflow:
        yield f"{texts.MLFLOW}: {link(texts.THE_RUN, mlflow)}"


def _counts(status: StudyStatus) -> str:
    counts = [(getattr(status.counts, name), name) for name in _STATES]
    line = ", ".join(f"{n} {name}" for n, name in counts if n) or texts.NONE_YET
    if status.trials_target is None:
        return line
    of = texts.OF_TARGET.format(ended=status.trials_ended, target=status.trials_target)
    return f"{line} ({of})"


def _best(summary: Summary) -> str:
    if summary.best is None:
        return texts.NO_BEST
    if summary.front:
        return _front(summary)
    value = number(summary.best.value)
    words = texts.BEST_TRIAL.format(
        number=summary.best.number, objective=summary.objectives[0], value=value
    )
    return f"**{text(words)}**"


def _front(summary: Summary) -> str:
    shown = "; ".join(
        f"{trial.number} ({values_text(summary.objectives, trial.values or ())})"
        for trial in summary.front[:_MOST_OF_FRONT]
    )
    more = " …" if len(summary.front) > _MOST_OF_FRONT else ""
    return text(f"{texts.FRONT}: {shown}{more}")


def _saved(summary: Summary) -> str:
    if not summary.steps_saved:
        return texts.NOTHING_SAVED
    hours = duration(summary.seconds_saved)
    return texts.SAVED_OF.format(steps=summary.steps_saved, hours=hours)


def savings_table(saved: Sequence[Saving]) -> str:
    """What was saved by pruning, by reason."""
    return table(texts.ENDS_TITLES, map(_saving, saved))


def _saving(saving: Saving) -> tuple[str, ...]:
    role = "" if saving.role is TrialRole.TRIAL else f" ({saving.role.value})"
    return (
        code(saving.reason) + role,
        text(REASONS.get(saving.reason, NOTHING)),
        str(saving.trials),
        f"{saving.steps:,}",
        duration(saving.seconds),
    )


def space_table(summary: Summary) -> str:
    """What is searched, and what the best trial had."""
    best = summary.best
    titles = texts.SPACE_TITLES if best else texts.SPACE_TITLES[:-1]
    rows = [
        (code(name), text(range_text(entry)), *_tried(best, name))
        for name, entry in summary.study.identity["space"].items()
    ]
    return table(titles, rows)


def _tried(best: TrialRecord | None, name: str) -> tuple[str, ...]:
    return () if best is None else (code(setting(best.params.get(name))),)
