"""What the control page says of a study: its status, its trainers, what was asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.commands import Commands
from storage.database import Database
from storage.optuna_ids import study_ids
from storage.records import CommandRecord, CommandState, StudyState, StudyStatus
from storage.status import read

_LAST_COMMANDS = 8
_COUNTS = ("running", "queued", "paused", "lost", "complete", "pruned", "failed")


@dataclass(frozen=True)
class StudyView:
    """A study as the templates show it."""

    status: StudyStatus
    optuna_id: int | None
    """By which optuna-dashboard's pages are found."""
    commands: Sequence[CommandRecord]
    """The newest first."""

    @property
    def name(self) -> str:
        """The study's."""
        return self.status.study

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many trials are in which state, as far as any are."""
        counts = [(name, getattr(self.status.counts, name)) for name in _COUNTS]
        return [(name, count) for name, count in counts if count]

    @property
    def may(self) -> dict[str, bool]:
        """Which buttons could do something now."""
        state, there = self.status.state, self.status.controllers > 0
        paused = state in (StudyState.PAUSING, StudyState.PAUSED)
        running = state is StudyState.RUNNING
        return {
            "pause": there and running,
            "resume": there and paused,
            "stop": there and (running or paused),
            "prune": there and state is not StudyState.STOPPING,
        }

    @property
    def has_pending(self) -> bool:
        """Whether something that was asked has no answer yet."""
        return any(one.state is CommandState.PENDING for one in self.commands)


def study_view(database: Database, name: str) -> StudyView:
    """A study as it stands.

    Raises:
        StudyNotFoundError: there is none of this name.
    """
    status = read(database, name)
    commands = Commands(database).list_of(name)[-_LAST_COMMANDS:]
    return StudyView(status, study_ids(database).get(name), commands[::-1])
