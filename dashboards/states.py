"""The colour of every state and role; the words are the identifiers themselves."""

from rich.text import Text

from storage.records import StudyState, TrialRole, TrialState

_STUDY_STYLES = {
    StudyState.RUNNING: "green",
    StudyState.PAUSED: "yellow",
    StudyState.STOPPED: "yellow",
    StudyState.FINISHED: "bold green",
    StudyState.CONTROLLER_LOST: "bold red",
}
_TRIAL_STYLES = {
    TrialState.RUNNING: "cyan",
    TrialState.STOPPED: "yellow",
    TrialState.COMPLETE: "green",
    TrialState.PRUNED: "magenta",
    TrialState.FAILED: "bold red",
}


def study_state(state: StudyState) -> Text:
    """``controller_lost`` reads as two words."""
    return Text(state.value.replace("_", " "), style=_STUDY_STYLES[state])


def trial_state(state: TrialState) -> Text:
    """The state of a trial in its colour."""
    return Text(state.value, style=_TRIAL_STYLES[state])


def trial_role(role: TrialRole) -> Text:
    """A probe stands out: it is no candidate for the best."""
    return Text(role.value, style="bold yellow" if role is TrialRole.PROBE else "")
