"""What the bot is for, and its commands."""

from smart_tuner.bot.access import Role
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import fitted
from smart_tuner.bot.texts.names import N_

COMMANDS = {
    "status": N_("how a study stands, in a message that keeps itself up to date"),
    "studies": N_("all studies, to choose one"),
    "trials": N_("the newest trials"),
    "trial": N_("one trial: picture, sound, why it ended"),
    "best": N_("the best trial and its voice"),
    "report": N_("a detailed report of a trial, with recommendations"),
    "plot": N_("history, gradient norm, diagonality, importance"),
    "pause": N_("pause a study; its trainers leave with checkpoints"),
    "resume": N_("go on with a paused study"),
    "stop": N_("stop a study, after a question"),
    "prune": N_("give up a trial of a running study"),
    "mute": N_("no alerts for a while"),
    "settings": N_("which alerts, quiet hours, reports"),
    "language": N_("the language of this chat"),
    "help": N_("this list"),
}
"""In the order of the menu."""
_OPERATORS = {"pause", "resume", "stop", "prune"}


def start_text(role: Role, t: Words) -> str:
    """The greeting."""
    lines = [
        t("👋 I show the studies of Smart Tuner, and tell when something happens in them."),
        _role(role, t),
        "",
        t("/status shows the study that runs, /help all commands."),
    ]
    return fitted(lines)


def help_text(role: Role, t: Words) -> str:
    """The commands that somebody of this role may use."""
    names = [n for n in COMMANDS if role >= Role.OPERATOR or n not in _OPERATORS]
    lines = [f"/{name} – {t(COMMANDS[name])}" for name in names]
    ending = t(
        "A study's name may follow each: <code>/status demo</code>, <code>/trial 3 demo</code>."
    )
    return fitted([t("<b>Commands</b>"), *lines, "", ending, _role(role, t)])


def _role(role: Role, t: Words) -> str:
    if role >= Role.OPERATOR:
        return t("You are an operator: you may pause, resume, stop and prune.")
    return t("You are a viewer: you may look, and change nothing.")
