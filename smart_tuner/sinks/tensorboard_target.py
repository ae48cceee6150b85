"""Scalars for TensorBoard, in a folder of each run directory. Needs no torch."""

import logging
from collections.abc import Sequence
from pathlib import Path

from tensorboardX import SummaryWriter

from smart_tuner.sinks.bookmark import Bookmark
from smart_tuner.sinks.metrics import points_of
from smart_tuner.sinks.target import AwayError
from storage.records import StudyRecord, TrialRecord
from trainer.events import Event

FOLDER = "tensorboard"


class TensorboardTarget:
    """Writes ``runs/STUDY/N/tensorboard``: ``tensorboard --logdir runs/STUDY`` shows them."""

    name = "TensorBoard"

    def __init__(self) -> None:
        self._writers: dict[int, SummaryWriter] = {}
        # It warns of each NaN; that a gradient was not finite is no news to anybody.
        logging.getLogger("tensorboardX").setLevel(logging.ERROR)

    def open(self, study: StudyRecord) -> str:
        """There is one store: the run directories."""
        return FOLDER

    def begin(self, trial: TrialRecord, mark: Bookmark) -> None:
        """Each process begins a file of its own."""
        folder = Path(str(trial.run_dir)) / FOLDER
        try:
            self._writers[trial.number] = SummaryWriter(str(folder))
        except OSError as error:
            raise AwayError(f"{folder}: {error.strerror}") from error

    def deliver(self, trial: TrialRecord, mark: Bookmark, events: Sequence[Event]) -> None:
        """Every metric as a scalar, under the time at which it was measured."""
        writer = self._writers[trial.number]
        for event in events:
            for name, value, step, time in points_of(event):
                # TensorBoard groups by what stands before the slash.
                writer.add_scalar(name.replace(".", "/", 1), value, step, walltime=time)
        writer.flush()

    def settle(self, trial: TrialRecord, mark: Bookmark) -> None:
        """Nothing more will come for now."""
        if trial.number in self._writers:
            self._writers.pop(trial.number).close()

    def tell_study(self, study: StudyRecord) -> None:
        """A study has no scalars."""

    def finish(self, study: StudyRecord) -> None:
        """Close what trials of other processes left open."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
