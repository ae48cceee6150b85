"""What a sink must be able to do to be fed with a study."""

from collections.abc import Sequence
from typing import Protocol

from smart_tuner.sinks.bookmark import Bookmark
from storage.records import StudyRecord, TrialRecord
from trainer.events import Event


class AwayError(Exception):
    """It can't be reached, or not now: the same is tried again later. One line says why."""


class RefusedError(Exception):
    """It won't have this trial, now or later. One line says why."""


class Target(Protocol):
    """Where a study is told; every method may raise :class:`AwayError`."""

    name: str
    """Of the bookmark's file, and in what is said."""

    def open(self, study: StudyRecord) -> str:
        """Make ready for a study; which store it is. Called before anything else, often."""

    def begin(self, trial: TrialRecord, mark: Bookmark) -> None:
        """A trial of which something is to be told: found again, or made. Called once a process.

        Raises:
            RefusedError: this trial can't be told.
        """

    def deliver(self, trial: TrialRecord, mark: Bookmark, events: Sequence[Event]) -> None:
        """Some events, and how the trial stands now.

        Raises:
            RefusedError: as above.
        """

    def settle(self, trial: TrialRecord, mark: Bookmark) -> None:
        """All events of the trial's present state are told: it ended, or waits.

        Raises:
            RefusedError: as above.
        """

    def tell_study(self, study: StudyRecord) -> None:
        """How the study stands now. Called now and then."""

    def finish(self, study: StudyRecord) -> None:
        """All is told; the study may have ended for good."""
