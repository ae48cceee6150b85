"""What the doctor finds: what is wrong, how bad that is, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"
    """Somebody is misled by it: the sampler, a reader, or the next controller."""
    LEFTOVER = "leftover"
    """A trace of a process that was killed; it harms nobody."""
    NOTE = "note"
    """As it should be; worth knowing."""


class Code(StrEnum):
    """What is wrong."""

    NOT_TOLD = "not_told"
    """Ended here, running for Optuna."""
    TOLD_OTHERWISE = "told_otherwise"
    """Optuna has another end of it than we have, or an end where we have none."""
    UNKNOWN_TO_US = "unknown_to_us"
    UNKNOWN_TO_OPTUNA = "unknown_to_optuna"
    FOREIGN = "foreign"
    """In Optuna alone, for no controller asked for it: the user's own."""
    OWNERLESS = "ownerless"
    """Running here, without controller and without trainer."""
    ADOPTABLE = "adoptable"
    """Running here without controller: one that starts takes it up."""
    OPEN_ATTEMPT = "open_attempt"
    ORPHAN_PROCESS = "orphan_process"
    STALE_TURN = "stale_turn"
    STALE_PROGRESS = "stale_progress"
    OVERDUE_COMMAND = "overdue_command"
    MISSING_CHECKPOINT = "missing_checkpoint"
    STALE_STUDY_STATE = "stale_study_state"
    DEAD_CONTROLLER = "dead_controller"
    SILENT_CONTROLLER = "silent_controller"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _SEVERITIES.get(self, Severity.FAULT)


_SEVERITIES = {
    Code.FOREIGN: Severity.NOTE,
    Code.ADOPTABLE: Severity.NOTE,
    Code.SILENT_CONTROLLER: Severity.NOTE,
    Code.OPEN_ATTEMPT: Severity.LEFTOVER,
    Code.STALE_TURN: Severity.LEFTOVER,
    Code.STALE_PROGRESS: Severity.LEFTOVER,
    Code.OVERDUE_COMMAND: Severity.LEFTOVER,
    Code.DEAD_CONTROLLER: Severity.LEFTOVER,
}


class Remedy(StrEnum):
    """What mends a finding."""

    TEACH = "teach"
    REOPEN = "reopen"
    ASK_AGAIN = "ask_again"
    QUEUE = "queue"
    KEEP = "keep"
    RESTORE = "restore"
    LOSE = "lose"
    PAUSE = "pause"
    CLOSE_ATTEMPT = "close_attempt"
    END_TRAINER = "end_trainer"
    RELEASE_TURN = "release_turn"
    CLEAR_PROGRESS = "clear_progress"
    EXPIRE = "expire"
    FORGET_CHECKPOINT = "forget_checkpoint"
    SETTLE = "settle"
    SIGN_OUT = "sign_out"

    @property
    def wish(self) -> str:
        """In words, before it is done."""
        return _WORDS[self][0]

    @property
    def deed(self) -> str:
        """In words, once it is done."""
        return _WORDS[self][1]

    @property
    def disturbs(self) -> bool:
        """Whether a controller at work may be about to do this itself, or something else."""
        return self in _DISTURBING


_WORDS = {
    Remedy.TEACH: ("tell Optuna", "told Optuna"),
    Remedy.REOPEN: ("tell Optuna anew, as it is here", "told Optuna anew, as it is here"),
    Remedy.ASK_AGAIN: ("have it asked for again", "it will be asked for again"),
    Remedy.QUEUE: ("queue it", "queued it"),
    Remedy.KEEP: ("note it, as Optuna has it", "noted it, as Optuna has it"),
    Remedy.RESTORE: ("give it back to Optuna", "gave it back to Optuna"),
    Remedy.LOSE: (
        "let it go on from its last checkpoint",
        "it goes on from its last checkpoint at the next start",
    ),
    Remedy.PAUSE: ("note that it left", "noted that it left; it goes on at the next start"),
    Remedy.CLOSE_ATTEMPT: ("close it", "closed it at its last sign of life"),
    Remedy.END_TRAINER: ("end it", "ended it"),
    Remedy.RELEASE_TURN: ("give the turn back", "gave the turn back"),
    Remedy.CLEAR_PROGRESS: ("clear it", "cleared it"),
    Remedy.EXPIRE: ("let it expire", "it has expired"),
    Remedy.FORGET_CHECKPOINT: ("name it no more", "it is named no more"),
    Remedy.SETTLE: ("say that it doesn't", "said so"),
    Remedy.SIGN_OUT: ("sign it out", "signed it out"),
}
_DISTURBING = {
    Remedy.REOPEN, Remedy.ASK_AGAIN, Remedy.QUEUE, Remedy.KEEP, Remedy.RESTORE, Remedy.LOSE,
    Remedy.PAUSE, Remedy.SETTLE,
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    study: str
    code: Code
    number: int | None
    """The trial's; ``None`` where it is about the study."""
    what: str
    """What is wrong, for people."""
    remedy: Remedy | None = None
    """``None``: there is nothing to mend, or nothing that a program can."""
    about: int | str | None = None
    """Which attempt, process, controller or command, where a trial may have several."""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.code.severity

    @property
    def key(self) -> tuple[object, ...]:
        """The same at a second look, whatever the words."""
        return self.study, self.code, self.number, self.about, self.remedy
