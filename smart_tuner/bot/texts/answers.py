"""What controllers answer, in the reader's language."""

import re
from re import Pattern

from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import bold, esc
from smart_tuner.bot.texts.names import N_
from storage.records import CommandRecord, CommandState

_SIGNS = {
    CommandState.PENDING: "⏳",
    CommandState.DONE: "✅",
    CommandState.REFUSED: "🚫",
    CommandState.EXPIRED: "⌛️",
}
_KNOWN: tuple[tuple[Pattern[str], str], ...] = (
    (re.compile(r"paused already"), N_("It is paused already.")),
    (re.compile(r"paused"), N_("It is paused.")),
    (re.compile(r"pausing: .*"), N_("Pausing: the trainers leave with checkpoints.")),
    (re.compile(r"running again"), N_("It runs again.")),
    (re.compile(r"stopping with checkpoints"),
     N_("Stopping: the trainers leave with checkpoints.")),
    (re.compile(r"stopping already"), N_("It is stopping already.")),
    (re.compile(r"trial (?P<n>\d+) is pruned"), N_("Trial {n} is pruned.")),
    (re.compile(r"trial (?P<n>\d+) has ended already .*"), N_("Trial {n} has ended already.")),
    (re.compile(r"study '.*' has no trial (?P<n>\d+)"), N_("There is no trial {n}.")),
    (re.compile(r"study '.*' is not running"), N_("It is not running.")),
    (re.compile(r"study '.*' is not paused"), N_("It is not paused.")),
    (re.compile(r"study '.*' is finished: .*"), N_("It is finished.")),
    (re.compile(r"no controller ran study '.*' within .*"),
     N_("No controller runs it: start it with <code>smart-tuner start study</code>,"
        " then ask again.")),
)  # fmt: skip
"""The answers of :class:`smart_tuner.control.commander.Commander` and of storage."""
_MOST_NAMES, _SHORT = 10, 40
_ASKED = {
    "pause": N_("Pause {study}"),
    "resume": N_("Resume {study}"),
    "stop": N_("Stop {study}"),
    "prune": N_("Prune trial {number} of {study}"),
}


def command_text(command: CommandRecord, t: Words) -> str:
    """What was asked for, and what came of it."""
    asked = t(_ASKED[command.kind]).format(study=bold(command.study), number=command.number)
    if command.state is CommandState.PENDING:
        words = t("Asked; the controller has not answered yet.")
    else:
        words = answer_text(command.answer or command.state.value, t)
    return f"{_SIGNS[command.state]} {asked}\n{words}"


def answer_text(answer: str, t: Words) -> str:
    """A controller's own words translated where they are known, else as they are."""
    for pattern, text in _KNOWN:
        if found := pattern.fullmatch(answer):
            return t(text).format(**found.groupdict())
    return esc(answer)


def question_text(kind: str, study: str, number: int | None, t: Words) -> str:
    """Whether it is really meant."""
    if kind == "stop":
        text = t("Stop {study}? Its trainers leave with checkpoints; "
                 "<code>smart-tuner start study</code> goes on with it.")  # fmt: skip
        return "⏹ " + text.format(study=bold(study))
    text = t("Prune trial {number} of {study}? It will not go on.")
    return "✂️ " + text.format(number=number, study=bold(study))


def no_such_study(name: str | None, known: list[str], t: Words) -> str:
    """What there is instead."""
    names = ", ".join(esc(one, _SHORT) for one in known[-_MOST_NAMES:]) or t("none yet")
    if name is None:
        return t("There is no such study any more; there are: {names}").format(names=names)
    return t("There is no study {name}; there are: {names}").format(name=bold(name), names=names)


def no_such_trial(number: int, study: str, t: Words) -> str:
    """It has no such trial."""
    text = t("{study} has no trial {number}. /trials lists those that there are.")
    return text.format(study=bold(study), number=number)
