"""What a study's pages show besides Optuna's own, kept for seconds: notes, figures, files."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cachetools import TLRUCache, TTLCache, cached

from dashboards.figures import study_figures
from dashboards.notes import study_note, trial_note
from dashboards.web.run_folders import RunFolders
from storage.database import Database

_FIGURES_SECONDS = 10.0
_TIMES_DRAWING = 10.0
"""Figures that took long to draw are shown for so many times as long."""
_NOTES_SECONDS = 3.0
_ENDED_SECONDS = 300.0
"""The note of an ended trial hardly changes."""
_STUDIES, _TRIALS = 100, 20_000


class _Drawn(NamedTuple):
    """The figures of a study, and how long they took."""

    figures: list[dict[str, str]]
    seconds: float


class Material:
    """Notes and figures of the studies in ``database``; every page may ask for them at once."""

    def __init__(self, database: Database, folders: RunFolders) -> None:
        self._database = database
        self._folders = folders
        self._drawing = threading.Lock()
        self._figures: TLRUCache[str, _Drawn] = TLRUCache(_STUDIES, _good_until)
        self.study_note = _kept(_STUDIES, _NOTES_SECONDS)(self._study_note)
        self.note_of_ended = _kept(_TRIALS, _ENDED_SECONDS)(self._trial_note)
        self.note_of_running = _kept(_TRIALS, _NOTES_SECONDS)(self._trial_note)

    def figures(self, study: str) -> list[dict[str, str]]:
        """The figures of a study as optuna-dashboard takes them, in the order of display."""
        with self._drawing:  # whoever comes second takes what the first has drawn
            drawn = self._figures.get(study)
            if drawn is None:
                drawn = self._figures[study] = self._draw(study)
            return drawn.figures

    def folders(self, study: str) -> Mapping[int, Path | None]:
        """The run directories of the trials that are ours, by number."""
        return self._folders.of(study)

    def _draw(self, study: str) -> _Drawn:
        began = time.monotonic()
        figures = [
            {"id": name, "graph_object": figure.to_json()}
            for name, figure in study_figures(self._database, study).items()
        ]
        return _Drawn(figures, time.monotonic() - began)

    def _study_note(self, study: str) -> str:
        return study_note(self._database, study)

    def _trial_note(self, study: str, number: int) -> str:
        return trial_note(self._database, study, number)


def _good_until(_: str, drawn: _Drawn, now: float) -> float:
    return now + max(_FIGURES_SECONDS, _TIMES_DRAWING * drawn.seconds)


def _kept(size: int, seconds: float) -> Any:
    return cached(TTLCache(size, seconds), lock=threading.Lock())
