"""The colour of every state and role; the words are the identifiers themselves."""

from rich.text import Text

from storage.levels import Level
from storage.records import CommandState, StudyState, TrialRole, TrialState

_STUDY_STYLES = {
    StudyState.RUNNING: "green",
    StudyState.PAUSING: "yellow",
    StudyState.PAUSED: "yellow",
    StudyState.STOPPING: "yellow",
    StudyState.STOPPED: "yellow",
    StudyState.FINISHED: "bold green",
    StudyState.CONTROLLER_LOST: "bold red",
}
_TRIAL_STYLES = {
    TrialState.QUEUED: "dim",
    TrialState.STARTING: "cyan",
    TrialState.RUNNING: "cyan",
    TrialState.PAUSING: "yellow",
    TrialState.PAUSED: "yellow",
    TrialState.RESUMING: "cyan",
    TrialState.LOST: "red",
    TrialState.COMPLETE: "green",
    TrialState.PRUNED: "magenta",
    TrialState.FAILED: "bold red",
}
_ROLE_STYLES = {
    TrialRole.TRIAL: "",
    TrialRole.PROBE: "bold yellow",
    TrialRole.FINISH: "bold cyan",
}
_COMMAND_STYLES = {
    CommandState.PENDING: "cyan",
    CommandState.DONE: "green",
    CommandState.REFUSED: "yellow",
    CommandState.EXPIRED: "yellow",
}
_LEVEL_STYLES = {
    Level.STABLE: "bold green",
    Level.NEEDS_ATTENTION: "bold yellow",
    Level.CRITICAL: "bold red",
}


def study_state(state: StudyState) -> Text:
    """``controller_lost`` reads as two words."""
    return Text(state.value.replace("_", " "), style=_STUDY_STYLES[state])


def trial_state(state: TrialState) -> Text:
    """The state of a trial in its colour."""
    return Text(state.value, style=_TRIAL_STYLES[state])


def trial_role(role: TrialRole) -> Text:
    """What is no plain trial stands out: a probe is no candidate for the best."""
    return Text(role.value, style=_ROLE_STYLES[role])


def command_state(state: CommandState) -> Text:
    """What came of a command, in its colour."""
    return Text(state.value, style=_COMMAND_STYLES[state])


def level(name: str) -> Text:
    """How a trial or a study stands, in its colour."""
    return Text(name, style=_LEVEL_STYLES[Level(name)])
