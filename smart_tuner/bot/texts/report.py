"""The detailed report of a trial: numbers, actions taken, status, recommendations."""

from collections.abc import Iterator, Sequence

from dashboards.formatting import NOTHING, fraction, number, quantity
from dashboards.words import ADVICE, CHECKS, DIRECTIONS
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import bold, code, esc, fitted, heading
from smart_tuner.bot.texts.names import N_, level, reason, role, trial_state
from smart_tuner.bot.texts.trials import flag_text, why
from smart_tuner.bot.texts.values import scores
from storage.assessment import Assessment, Check, Recommendation
from storage.records import EventRecord, ProgressRecord, TrialRecord

_MOST_ACTIONS, _MOST_ADVICE = 8, 6
_MARKS = {True: "✅", False: "❌", None: "▫️"}
_KEYS = {"rescue": "study.rescue"}
_CAUSES = {
    "plateau": N_("the loss no longer falls"),
    "instability": N_("the gradient was unstable"),
    "rescue": N_("after a rescue"),
    "recovery": N_("training is calm again"),
}
"""Why the learning-rate adapter acts."""
ACTIONS = ("learning_rate_adapted", "rescued", "debug_report", "started")
"""The events that are actions of trainer and controller."""


def report_text(
    trial: TrialRecord, progress: ProgressRecord | None, events: Sequence[EventRecord], t: Words
) -> str:
    """The report.

    Args:
        trial: which one.
        progress: its newest numbers, while it runs.
        events: what was done in it (:data:`ACTIONS`), in order.
        t: the reader's words.
    """
    title = t("<b>Report of trial {number}</b>{role} of {study}")
    lines = [
        "📝 " + title.format(
            number=trial.number, role=role(trial.role, t), study=bold(trial.study)
        ),
        f"{trial_state(trial.state, t)} · {level(trial.status or 'STABLE', t)}",
        *why(trial, t),
        *_numbers(trial, progress, t),
    ]  # fmt: skip
    if trial.metrics:
        lines += ["", heading(t("Best evaluation")), *scores(trial)]
    lines += ["", heading(t("Actions taken")), *_actions(events, t)]
    if trial.assessment is not None:
        lines += _assessed(Assessment.from_json(trial.assessment), t)
    return fitted(lines)


def _numbers(trial: TrialRecord, progress: ProgressRecord | None, t: Words) -> Iterator[str]:
    if progress is None:
        norm, diagonality = (
            trial.metrics.get("gradient.norm"), trial.metrics.get("alignment.diagonal_score"),
        )  # fmt: skip
        yield t("Step: {step}").format(step=NOTHING if trial.step is None else trial.step)
    else:
        norm, diagonality = progress.gradient_norm, progress.diagonal_score
        yield t("Step: {step}").format(step=fraction(progress.step, progress.steps))
        yield t("Loss: {loss}").format(loss=number(progress.loss))
    yield t("Gradient norm: {norm}").format(norm=number(norm, 2))
    yield t("Diagonality of the attention: {value}").format(value=number(diagonality, 2))


def _actions(events: Sequence[EventRecord], t: Words) -> Iterator[str]:
    texts = [text for event in events if (text := _action(event, t))]
    yield from (f"  • {text}" for text in texts[-_MOST_ACTIONS:] or [t("none")])


def _action(event: EventRecord, t: Words) -> str | None:
    facts, step = event.payload, event.step
    match event.kind:
        case "learning_rate_adapted":
            text = t("step {step}: learning rate × {factor} ({cause})")
            cause = str(facts.get("cause"))
            words = t(_CAUSES[cause]) if cause in _CAUSES else esc(cause)
            return text.format(step=step, factor=number(facts.get("factor"), 3), cause=words)
        case "rescued":
            text = t("step {step}: back to step {to_step} ({cause})")
            cause = esc(reason(facts.get("cause"), t))
            return text.format(step=step, to_step=facts.get("to_step"), cause=cause)
        case "debug_report":
            return t("step {step}: a debug report was written").format(step=step)
        case "started" if int(facts.get("attempt") or 1) > 1:
            return t("started again, attempt {attempt}").format(attempt=facts["attempt"])
        case _:
            return None


def _assessed(assessment: Assessment, t: Words) -> Iterator[str]:
    if assessment.flags:
        yield from ("", heading(t("Red flags")))
        yield from (f"  • {flag_text(flag, t)}" for flag in assessment.flags)
    yield from ("", heading(t("What a successful training has")))
    yield from (_check(check, t) for check in assessment.checklist)
    if assessment.recommendations:
        yield from ("", heading(t("Recommendations")))
        advice = assessment.recommendations[:_MOST_ADVICE]
        yield from (f"  • {recommendation_text(one, t)}" for one in advice)


def _check(check: Check, t: Words) -> str:
    what, sign = CHECKS.get(check.code, (check.code, "?"))
    value = NOTHING if check.value is None else quantity(check.value)
    wanted = f"{esc(sign)} {quantity(check.threshold)}"
    return f"  {_MARKS[check.passed]} {t(what)}: {value} ({wanted})"


def recommendation_text(one: Recommendation, t: Words) -> str:
    """Which hyperparameter to move, where, and why."""
    move = t(DIRECTIONS.get(one.direction, one.direction))
    text = f"{move} {code(_KEYS.get(one.hparam, one.hparam))}"
    if one.to is not None:
        text += " " + t("to {value}").format(value=esc(quantity(one.to)))
    if one.now is not None and not isinstance(one.now, bool):
        text += " " + t("(now {value})").format(value=esc(quantity(one.now)))
    return f"{text}: {t(ADVICE[one.code]) if one.code in ADVICE else esc(one.code)}"
