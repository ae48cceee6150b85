"""What happened in a trial, as Markdown."""

from collections.abc import Iterator, Sequence

from dashboards.assessment import assessment_of
from dashboards.evidence import evidence_of
from dashboards.formatting import NOTHING, moment, number, quantity, setting
from dashboards.mlflow_runs import mlflow_url
from dashboards.notes import texts
from dashboards.notes.commands import trial_commands
from dashboards.notes.markdown import block, bullets, code, link, table, text
from dashboards.notes.places import control_path
from dashboards.sections import METRICS
from dashboards.tables import trial_value
from dashboards.words import (
    LEVELS,
    REASONS,
    check_text,
    flag_text,
    recommendation_text,
)
from storage.assessment import Assessment
from storage.attempts import Attempts
from storage.database import Database
from storage.records import AttemptRecord, TrialRecord, TrialRole
from storage.trials import Trials

_MARKS = {True: "✓", False: "✗", None: NOTHING}


def trial_note(database: Database, study: str, number: int) -> str:
    """State, status and why, what to try, checklist, attempts, and commands to go on with.

    Empty where there is no such trial: a trial that was asked for and not noted yet has no note.

    Raises:
        StorageError: the database can't be read.
    """
    trial = Trials(database).get(study, number)
    if trial is None:
        return ""
    attempts = Attempts(database).list_of(study, number)
    return "\n\n".join(_parts(trial, attempts, mlflow_url(database, study, number))) + "\n"


def _parts(
    trial: TrialRecord, attempts: Sequence[AttemptRecord], mlflow: str | None
) -> Iterator[str]:
    assessment = assessment_of(trial)
    yield _headline(trial)
    yield bullets(_facts(trial, mlflow))
    if assessment is not None:
        yield from _judgement(assessment)
    if trial.params:
        rows = [(code(name), code(setting(value))) for name, value in trial.params.items()]
        yield _titled(texts.HPARAMS, table(texts.HPARAMS_TITLES, rows))
    scores = [
        (text(name), number(trial.metrics[name])) for name in METRICS if name in trial.metrics
    ]
    if scores:
        yield _titled(texts.SCORES, table(texts.HPARAMS_TITLES, scores))
    if attempts:
        yield _titled(texts.ATTEMPTS, table(texts.ATTEMPT_TITLES, map(_attempt, attempts)))
    yield _titled(texts.NEXT, block(trial_commands(trial)))


def _headline(trial: TrialRecord) -> str:
    role = "" if trial.role is TrialRole.TRIAL else f" ({trial.role.value})"
    step = "" if trial.step is None else f" {texts.AT_STEP} {trial.step}"
    line = f"**{texts.TRIAL} {trial.number}{role}** {texts.OF_STUDY} {code(trial.study)}: "
    line += f"**{trial.state.value}**{step}"
    return line + (f", {reason_words(trial.reason)}" if trial.reason else "")


def reason_words(reason: str) -> str:
    """``it was worse than its peers (`statistical`)``."""
    words = REASONS.get(reason)
    return f"{text(words)} ({code(reason)})" if words else code(reason)


def _facts(trial: TrialRecord, mlflow: str | None) -> Iterator[str]:
    status = (
        f"**{trial.status}**, {text(LEVELS[trial.status])}" if trial.status else texts.NOT_JUDGED
    )
    yield f"{texts.STATUS}: {status}"
    yield f"{texts.VALUE}: {text(trial_value(trial))}"
    if trial.evidence:
        yield f"{texts.EVIDENCE}: {evidence_line(trial)}"
    if trial.run_dir:
        yield f"{texts.RUN}: {code(trial.run_dir)}"
    if mlflow:
        yield f"{texts.MLFLOW}: {link(texts.THE_RUN, mlflow)}"
    yield f"{texts.CONTROL}: {link(texts.THE_CONTROL_PAGE, control_path(trial.study))}"


def evidence_line(trial: TrialRecord) -> str:
    """The values that decided; what a trainer has said of itself is shown as it is."""
    found = evidence_of(trial.evidence)
    parts = [*map(text, filter(None, found[:2])), *map(code, filter(None, found[2:]))]
    return "; ".join(parts)


def _judgement(assessment: Assessment) -> Iterator[str]:
    if assessment.flags:
        flags = (f"**{flag.severity}**: {text(flag_text(flag))}" for flag in assessment.flags)
        yield _titled(texts.FLAGS, bullets(flags))
    if assessment.recommendations:
        advice = map(text, map(recommendation_text, assessment.recommendations))
        yield _titled(texts.ADVICE, bullets(advice))
    rows = [
        (_MARKS[check.passed], text(what), _value(check.value), text(wanted))
        for check in assessment.checklist
        for what, wanted in [check_text(check)]
    ]
    yield _titled(texts.CHECKLIST, table(texts.CHECKLIST_TITLES, rows))


def _value(value: float | None) -> str:
    return NOTHING if value is None else text(quantity(value))


def _attempt(attempt: AttemptRecord) -> tuple[str, ...]:
    first, last = (
        "?" if step is None else str(step) for step in (attempt.first_step, attempt.last_step)
    )
    end = attempt.cause or (texts.RUNS if attempt.ended_at is None else NOTHING)
    changed = ", ".join(f"{name}={setting(value)}" for name, value in attempt.overrides.items())
    return (
        str(attempt.attempt),
        code(attempt.host),
        moment(attempt.began_at),
        f"{first}–{last}",
        NOTHING if attempt.exit_code is None else str(attempt.exit_code),
        code(end) + (f" {code(changed)}" if changed else ""),
    )


def _titled(title: str, body: str) -> str:
    return f"### {title}\n\n{body}"
