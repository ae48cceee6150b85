"""One trial, and lists of trials."""

from collections.abc import Iterator, Sequence

from dashboards.formatting import quantity
from dashboards.words import FLAGS
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import TEXT_LIMIT, bold, code, esc, fitted, heading
from smart_tuner.bot.texts.names import level, reason, role, trial_state
from smart_tuner.bot.texts.values import evidence, params, scores, trial_value
from storage.assessment import Assessment, Flag
from storage.records import TrialRecord


def trials_text(study: str, trials: Sequence[TrialRecord], t: Words) -> str:
    """The newest trials, one a line."""
    lines = [t("<b>Trials of {study}</b>").format(study=esc(study))]
    lines += [_line(trial, t) for trial in reversed(trials)]
    return fitted(lines if trials else [*lines, t("no trials yet")])


def trial_text(trial: TrialRecord, t: Words, limit: int = TEXT_LIMIT) -> str:
    """A trial: state and reason with the values that decided, status, scores, hyperparameters."""
    title = t("<b>Trial {number}</b>{role} of {study}")
    lines = [title.format(number=trial.number, role=role(trial.role, t), study=esc(trial.study))]
    lines.append(_state(trial, t))
    lines += why(trial, t)
    lines.append(t("Value: {value}").format(value=trial_value(trial)))
    if trial.status is not None:
        lines.append(level(trial.status, t))
    if trial.assessment is not None:
        flags = Assessment.from_json(trial.assessment).flags
        lines += [f"  • {flag_text(flag, t)}" for flag in flags]
    lines += _titled(t("Scores"), scores(trial))
    lines += _titled(t("Hyperparameters"), params(trial))
    if trial.checkpoint:
        lines += _titled(t("Checkpoint"), [code(trial.checkpoint)])
    return fitted(lines, limit)


def best_text(study: str, best: Sequence[TrialRecord], t: Words, limit: int = TEXT_LIMIT) -> str:
    """The best trial in full; of a study of several objectives those that none beats."""
    if not best:
        return t("No trial of {study} is complete yet.").format(study=bold(study))
    head = ["🏆 " + trial_text(best[0], t, limit - 200)]
    if len(best) == 1:
        return head[0]
    others = [_line(trial, t) for trial in best[1:]]
    title = t("No other trial beats these in every objective:")
    return fitted([*head[0].split("\n"), "", title, *others], limit)


def why(trial: TrialRecord, t: Words) -> Iterator[str]:
    """Why a trial ended early, and the values that decided."""
    if trial.reason is None:
        return
    yield t("Why: {reason} ({code})").format(
        reason=esc(reason(trial.reason, t)), code=code(trial.reason)
    )
    if trial.evidence:
        yield t("Evidence: {values}").format(values=evidence(trial.evidence, t))


def flag_text(flag: Flag, t: Words) -> str:
    """A red flag with its step and numbers."""
    words = t(FLAGS[flag.code]) if flag.code in FLAGS else esc(flag.code)
    values = {name: value for name, value in flag.values.items() if name != "step"}
    details = f" ({evidence(values, t)})" if values else ""
    return words + details + " " + t("at step {step}").format(step=quantity(flag.step))


def _line(trial: TrialRecord, t: Words) -> str:
    text = f"<b>{trial.number}</b>{role(trial.role, t)} {trial_state(trial.state, t)}"
    if trial.value is not None or trial.values:
        text += f" · {trial_value(trial)}"
    if trial.step is not None:
        text += " · " + t("step {step}").format(step=trial.step)
    return text + (f" · {esc(reason(trial.reason, t))}" if trial.reason else "")


def _state(trial: TrialRecord, t: Words) -> str:
    text = trial_state(trial.state, t)
    if trial.step is None:
        return text
    return text + " " + t("at step {step}").format(step=trial.step)


def _titled(title: str, lines: list[str]) -> list[str]:
    return ["", heading(title), *lines] if lines else []
