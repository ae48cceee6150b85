"""The states, roles and levels of studies and trials in the reader's language."""

from collections.abc import Mapping

from dashboards.formatting import NOTHING
from dashboards.words import REASONS
from smart_tuner.bot.language import Words
from storage.levels import Level
from storage.records import StudyState, TrialRole, TrialState


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a text for the catalogues; it is translated where it is used."""
    return message


STUDY_STATES: Mapping[StudyState, tuple[str, str]] = {
    StudyState.RUNNING: ("▶️", N_("running")),
    StudyState.PAUSING: ("⏸", N_("pausing")),
    StudyState.PAUSED: ("⏸", N_("paused")),
    StudyState.STOPPING: ("⏹", N_("stopping")),
    StudyState.STOPPED: ("⏹", N_("stopped")),
    StudyState.FINISHED: ("🏁", N_("finished")),
    StudyState.CONTROLLER_LOST: ("❗️", N_("controller lost")),
}
TRIAL_STATES: Mapping[TrialState, tuple[str, str]] = {
    TrialState.QUEUED: ("⏳", N_("queued (trial)")),
    TrialState.STARTING: ("▶️", N_("starting (trial)")),
    TrialState.RUNNING: ("▶️", N_("running (trial)")),
    TrialState.PAUSING: ("⏸", N_("pausing (trial)")),
    TrialState.PAUSED: ("⏸", N_("paused (trial)")),
    TrialState.RESUMING: ("▶️", N_("resuming (trial)")),
    TrialState.PRUNED: ("✂️", N_("pruned (trial)")),
    TrialState.COMPLETE: ("✅", N_("complete (trial)")),
    TrialState.FAILED: ("❌", N_("failed (trial)")),
    TrialState.LOST: ("❓", N_("lost (trial)")),
}
LEVELS: Mapping[Level, tuple[str, str]] = {
    Level.STABLE: ("🟢", N_("STABLE")),
    Level.NEEDS_ATTENTION: ("🟡", N_("NEEDS ATTENTION")),
    Level.CRITICAL: ("🔴", N_("CRITICAL")),
}
ROLES: Mapping[TrialRole, str] = {
    TrialRole.TRIAL: "",
    TrialRole.PROBE: N_("probe"),
    TrialRole.FINISH: N_("final run"),
}


def study_state(state: StudyState, t: Words) -> str:
    """A sign and a word."""
    sign, name = STUDY_STATES[state]
    return f"{sign} {t(name)}"


def trial_state(state: TrialState, t: Words) -> str:
    """A sign and a word; a language may have others for trials than for studies."""
    sign, name = TRIAL_STATES[state]
    return f"{sign} {t(name)}"


def level(name: str, t: Words) -> str:
    """A sign and a word: ``🟢 STABLE``."""
    sign, words = LEVELS[Level(name)]
    return f"{sign} {t(words)}"


def role(of: TrialRole, t: Words) -> str:
    """Nothing for a plain trial, else the role in brackets."""
    return f" ({t(ROLES[of])})" if ROLES[of] else ""


def reason(name: str | None, t: Words) -> str:
    """Why a trial ended; an unknown one as it is stored."""
    if name is None:
        return NOTHING
    return t(REASONS[name]) if name in REASONS else name
