"""How a study stands: the message that is edited in place, and the list of studies."""

from collections.abc import Iterator, Sequence

from dashboards.formatting import NOTHING, fraction, number
from dashboards.words import FLAGS, REASONS, STUDY
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import bar, bold, esc, fitted
from smart_tuner.bot.texts.names import level, study_state
from smart_tuner.bot.texts.values import duration
from storage.records import ProgressRecord, StudyState, StudyStatus, TrialCounts
from storage.study_level import CONTROLLER_LOST, StudyReason

_MOST_RUNNING, _MOST_REASONS, _MOST_STUDIES = 8, 5, 30


def status_text(status: StudyStatus, t: Words) -> str:
    """The study in full: progress, level, running trials, time left, best so far."""
    lines = [f"📊 {bold(status.study)} · {study_state(status.state, t)}"]
    if status.state is StudyState.CONTROLLER_LOST:
        age = duration(status.heartbeat_age_seconds, t)
        text = t("Last heard of {age} ago: start the study again to continue.")
        lines.append(text.format(age=age))
    lines += _progress(status, t)
    lines.append(level(status.level, t))
    lines += [f"  • {text}" for text in _reasons(status, t)]
    for progress in status.running[:_MOST_RUNNING]:
        lines += ["", *_running(progress, t)]
    if (more := len(status.running) - _MOST_RUNNING) > 0:
        lines.append(t.plural("… and {n} more trial runs", "… and {n} more trials run", more))
    return fitted([*lines, "", best_line(status, t)])


def counts_text(counts: TrialCounts, t: Words) -> str:
    """``2 running, 5 complete, 1 pruned``."""
    shown = (
        (counts.running, t.plural("{n} running", "{n} running", counts.running)),
        (counts.queued, t.plural("{n} queued", "{n} queued", counts.queued)),
        (counts.paused, t.plural("{n} paused", "{n} paused", counts.paused)),
        (counts.lost, t.plural("{n} lost", "{n} lost", counts.lost)),
        (counts.complete, t.plural("{n} complete", "{n} complete", counts.complete)),
        (counts.pruned, t.plural("{n} pruned", "{n} pruned", counts.pruned)),
        (counts.failed, t.plural("{n} failed", "{n} failed", counts.failed)),
    )
    return ", ".join(text for n, text in shown if n) or t("no trials yet")


def best_line(status: StudyStatus, t: Words) -> str:
    """The best trial so far, if any."""
    if status.best is None:
        return t("🏆 Best so far: none yet")
    return t("🏆 Best so far: <b>{value}</b> (trial {number})").format(
        value=number(status.best.value), number=status.best.number
    )


def studies_text(studies: Sequence[StudyStatus], t: Words) -> str:
    """Every study in a line or two, the newest first."""
    if not studies:
        return t("No studies yet. Start one with <code>smart-tuner start study</code>.")
    lines = [t.plural("<b>{n} study</b>", "<b>{n} studies</b>", len(studies))]
    for status in list(reversed(studies))[:_MOST_STUDIES]:
        ended = fraction(status.trials_ended, status.trials_target)
        best = NOTHING if status.best is None else number(status.best.value)
        lines.append(f"\n{bold(status.study)} · {study_state(status.state, t)}")
        lines.append(t("trials {ended}, best {best}").format(ended=ended, best=best))
    return fitted(lines)


def _progress(status: StudyStatus, t: Words) -> Iterator[str]:
    filled = bar(status.trials_ended, status.trials_target)
    ended = fraction(status.trials_ended, status.trials_target)
    yield " ".join(filter(None, (filled, t("trials {ended}").format(ended=ended))))
    yield counts_text(status.counts, t)
    if status.eta_seconds is not None:
        yield t("⏱ about {time} left").format(time=duration(status.eta_seconds, t))
    if status.budget is not None:
        spent, hours = number(status.budget.spent_hours, 1), number(status.budget.hours, 1)
        yield t("💰 {spent} of {hours} trainer hours spent").format(spent=spent, hours=hours)


def _running(progress: ProgressRecord, t: Words) -> Iterator[str]:
    steps = fraction(progress.step, progress.steps)
    filled = bar(progress.step, progress.steps, 8)
    head = t("<b>Trial {number}</b> {bar} step {steps}")
    yield head.format(number=progress.number, bar=filled, steps=steps)
    yield t("loss {loss} · gradient norm {norm}").format(
        loss=number(progress.loss), norm=number(progress.gradient_norm, 2)
    )
    yield t("diagonality {diagonality} · quality {quality} · {time} left").format(
        diagonality=number(progress.diagonal_score, 2),
        quality=number(progress.quality, 2),
        time=duration(_time_left(progress), t),
    )


def _time_left(progress: ProgressRecord) -> float | None:
    if not progress.steps or not progress.steps_per_second:
        return None
    return (progress.steps - progress.step) / progress.steps_per_second


def _reasons(status: StudyStatus, t: Words) -> Iterator[str]:
    known = [one for one in status.reasons if one.code != CONTROLLER_LOST]  # the head says that
    for one in known[:_MOST_REASONS]:
        yield _reason(one, t)
    if (more := len(known) - _MOST_REASONS) > 0:
        yield t.plural("… and {n} more reason", "… and {n} more reasons", more)


def _reason(one: StudyReason, t: Words) -> str:
    words = STUDY.get(one.code) or FLAGS.get(one.code)
    text = esc(one.code) if words is None else t(words)
    if one.cause is not None:
        text += f": {t(REASONS[one.cause]) if one.cause in REASONS else esc(one.cause)}"
    if one.number is None:
        return text
    return t("trial {number}: {text}").format(number=one.number, text=text)
