"""Sees all that trainers say, also what a run directory no longer holds."""

import os
import threading
from collections import defaultdict
from pathlib import Path

from trainer.events import Evaluation, Event, EventReader, Started, Step

from .study import Study, each_number

_POLL_SECONDS = 0.02


class Witness:
    """Follows every events file by a hard link of its own, which outlives the file.

    A context manager; once it is left, :attr:`said` is complete.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._folder = study.folder / "witness"
        self._folder.mkdir()
        self._readers: dict[int, tuple[int, Path, EventReader]] = {}
        self._sizes: dict[int, int] = {}
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.said: dict[int, list[Event]] = defaultdict(list)
        """Each trial's events, of all its attempts, in order."""
        self.count = 0
        """How many events there were."""
        self.steps = 0
        """How many steps were made."""

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._left.wait(_POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        for number, folder in each_number(self._study):
            self._follow(number, folder / "events.jsonl")
        for inode, (number, link, reader) in self._readers.items():
            size = link.stat().st_size
            if size != self._sizes.get(inode):
                self._sizes[inode] = size
                self._note(number, reader.poll())

    def _follow(self, number: int, path: Path) -> None:
        try:
            inode = path.stat().st_ino
            if inode in self._readers:
                return
            link = self._folder / f"{number}-{len(self._readers)}.jsonl"
            os.link(path, link)
        except FileNotFoundError:  # a start that has nothing to go on from removes it
            return
        self._readers[link.stat().st_ino] = number, link, EventReader(link)

    def _note(self, number: int, events: list[Event]) -> None:
        self.said[number] += events
        self.count += len(events)
        self.steps += sum(isinstance(event, Step) for event in events)


def redone(said: list[Event]) -> list[int]:
    """Of each start of a trial but the first: how many steps it had to make once more."""
    starts, newest = [], None
    for event in said:
        if isinstance(event, Started):
            starts += [] if newest is None else [newest - event.step]
            newest = event.step
        elif isinstance(event, Step):
            newest = event.step
    return starts


def evaluations(said: list[Event]) -> list[Evaluation]:
    """All evaluations of a trial, the repeated ones as well."""
    return [event for event in said if isinstance(event, Evaluation)]
