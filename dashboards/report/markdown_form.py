"""The report as Markdown, for a wiki, an issue or a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from dashboards.formatting import NOTHING, duration
from dashboards.importance import FEWEST
from dashboards.notes.markdown import block, bullets, code, table, text
from dashboards.notes.study import space_table, summary_facts
from dashboards.notes.trial import evidence_line, reason_words
from dashboards.report import page
from dashboards.report.failures import Failures
from dashboards.report.material import Material, read_material
from dashboards.report.texts import WORDS
from dashboards.report.trial_view import Pairs, TrialView, trial_view, voice_view
from storage.database import Database
from storage.endings import TrialCost
from storage.records import TrialRecord


def markdown_report(database: Database, study: str, made_by: str) -> str:
    """The report as Markdown; sound and pictures are named, for they can't be inside.

    Args:
        database: where the study is.
        study: its name.
        made_by: program and version, for the last line.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    material = read_material(database, study)
    parts = [f"# {text(WORDS['study'])} {code(study)}", *_sections(material)]
    made = WORDS["made"].format(by=made_by, at=f"{material.made_at:%Y-%m-%d %H:%M} UTC")
    return "\n\n".join([*parts, text(made)]) + "\n"


def _sections(material: Material) -> Iterator[str]:
    yield _titled("summary", bullets(summary_facts(material.summary)))
    yield _titled("best_trial", "\n\n".join(_best(material)))
    if material.summary.study.identity.get("space"):
        yield _titled("searched", space_table(material.summary))
    yield _titled("fixed", _pairs(page.setup(material)))
    yield _titled("mattered", "\n\n".join(_importance(material.importance)))
    yield _titled("ended_early", "\n\n".join(_failures(material)))
    if material.failed_attempts:
        yield _titled("attempts", _failed_attempts(material))
    yield _titled("cost", _costs(material))
    yield _titled("all_trials", "\n\n".join(_trials(material)))


def _best(material: Material) -> Iterator[str]:
    best = material.summary.best
    if best is None:
        yield f"{WORDS['no_best']}."
        return
    voice = voice_view(best)
    yield f"{WORDS['trial']} {voice.trial.name}: **{text(voice.trial.value)}**"
    files = {"listen": best.sample_wav, "alignment": best.alignment_png}
    yield bullets(f"{WORDS[name]}: {code(path)}" for name, path in files.items() if path)
    yield _pairs([*voice.trial.params, *voice.scores])
    rows = [tuple(map(text, check)) for check in voice.checklist]
    if rows:
        yield table(("", WORDS["checklist"], WORDS["value"], ""), rows)
    if speak := page.speak_command(material):
        yield block([speak])


def _importance(importance: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    if not any(importance.values()):
        yield WORDS["importance_none"].format(fewest=FEWEST)
        return
    for objective, shares in importance.items():
        rows = [(code(name), f"{share:.1%}") for name, share in shares.items()]
        yield table((WORDS["name"], text(f"{WORDS['share']}: {objective}")), rows)


def _failures(material: Material) -> Iterator[str]:
    if not material.failures:
        yield WORDS["ended_early_none"]
    for group in material.failures:
        yield f"### {reason_words(group.reason)}: {len(group.trials)}"
        yield bullets(_failure(trial) for trial in group.trials[: page.MOST_OF_A_REASON])
        yield from _more(group)


def _more(group: Failures) -> Iterator[str]:
    more = len(group.trials) - page.MOST_OF_A_REASON
    if more > 0:
        yield text(WORDS["more_ended"].format(more=more))


def _failure(trial: TrialRecord) -> str:
    view = trial_view(trial)
    line = f"{WORDS['trial']} {view.name}, {WORDS['step'].lower()} {view.step}"
    why = evidence_line(trial)
    advice = "; ".join(map(text, view.advice))
    line += f": {why}" if why else ""
    return line + (f". {WORDS['advice']}: {advice}" if advice else "")


def _failed_attempts(material: Material) -> str:
    titles = [WORDS[name] for name in ("cause", "attempt_count", "of_trials", "lost_time")]
    rows = [
        (code(one.cause), str(one.attempts), _numbers(one.numbers), duration(one.seconds))
        for one in material.failed_attempts
    ]
    return table(titles, rows)


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[: page.MOST_NUMBERS]))
    return f"{shown} …" if len(numbers) > page.MOST_NUMBERS else shown


def _costs(material: Material) -> str:
    titles = [WORDS[name] for name in ("outcome", "trials", "steps", "time", "share")]
    summary = material.summary
    rows = [
        (row.outcome, row.trials, row.steps, row.time, row.share) for row in page.costs(material)
    ]
    saved = f"{summary.steps_saved:,}", duration(summary.seconds_saved)
    return table(titles, [*rows, (WORDS["saved_row"], "", *saved, "")])


def _trials(material: Material) -> Iterator[str]:
    listed = page.listed(material)
    if not listed:
        yield WORDS["no_trials"]
        return
    if len(listed) < len(material.trials):
        yield text(WORDS["all_note"].format(shown=len(listed), all=len(material.trials)))
    names = ("trial", "state", "reason", "value", "step", "tries", "time", "hparams")
    rows = [_row(trial_view(trial), material.cost(trial)) for trial in listed]
    yield table([WORDS[name] for name in names], rows)


def _row(trial: TrialView, cost: TrialCost) -> tuple[str, ...]:
    params = " ".join(f"{name}={value}" for name, value in trial.params)
    return (
        trial.name,
        trial.state,
        code(trial.reason) or NOTHING,
        text(trial.value),
        trial.step,
        str(cost.attempts),
        duration(cost.seconds),
        code(params),
    )


def _pairs(pairs: Pairs) -> str:
    rows = [(text(name), code(value)) for name, value in pairs]
    return table((WORDS["name"], WORDS["value"]), rows)


def _titled(name: str, body: str) -> str:
    return f"## {WORDS[name]}\n\n{body}"
