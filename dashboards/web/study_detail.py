"""Completes what optuna-dashboard answers about a study: notes, figures, artifacts, names."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dashboards.web.artifacts import described
from dashboards.web.material import Material
from dashboards.web.run_files import newest, run_files
from storage.records import StudyRecord
from storage.studies import Studies

RULE = "/api/studies/<study_id:int>"
"""The route that a page of optuna-dashboard asks for all that it shows."""
_SHOWN_WHOLE = 100
"""Of so many trials all files are shown, the newest; of the others the newest evaluation."""
_NOTES_SECONDS = 2.0
"""Notes that are not made in this time wait for the next call."""
_LATER = "There are many trials here: load the page again, and this note is made too."
_ENDED = frozenset({"Complete", "Pruned", "Fail"})

_Json = dict[str, Any]


class StudyDetail:
    """A plugin of Bottle's. A note that a person has written stays instead of ours."""

    name = "study_detail"
    api = 2

    def __init__(self, studies: Studies, material: Material) -> None:
        self._studies = studies
        self._material = material

    def apply(self, callback: Callable[..., Any], route: Any) -> Callable[..., Any]:
        """Bottle's hook: what the route is to call instead of ``callback``."""
        if (route.method, route.rule) != ("GET", RULE):
            return callback

        def completed(*args: Any, **kwargs: Any) -> Any:
            answer = callback(*args, **kwargs)
            study = self._studies.get(answer["name"]) if "trials" in answer else None
            if study is not None:
                self._complete(answer, study)
            return answer

        return completed

    def _complete(self, answer: _Json, study: StudyRecord) -> None:
        if _is_empty(answer["note"]):
            answer["note"]["body"] = self._material.study_note(study.name)
        answer["plotly_graph_objects"] += self._material.figures(study.name)
        answer.setdefault("objective_names", list(study.identity.get("objective", ())))
        trials = [*answer["best_trials"], *reversed(answer["trials"])]
        folders = self._material.folders(study.name)
        ours = [trial for trial in trials if trial["number"] in folders]
        self._add_notes(study.name, ours)
        _add_artifacts(study.name, ours, folders)

    def _add_notes(self, study: str, trials: Iterable[_Json]) -> None:
        """The version stays: by it optuna-dashboard knows whether what is stored is edited."""
        deadline = time.monotonic() + _NOTES_SECONDS
        for trial in trials:
            if not _is_empty(trial["note"]):
                continue
            ended = trial["state"] in _ENDED
            make = self._material.note_of_ended if ended else self._material.note_of_running
            late = time.monotonic() > deadline
            trial["note"]["body"] = _LATER if late else make(study, trial["number"])


def _is_empty(note: _Json) -> bool:
    return not note["body"].strip()


def _add_artifacts(study: str, trials: Iterable[_Json], folders: Mapping[int, Path | None]) -> None:
    for place, trial in enumerate(trials):
        folder = folders[trial["number"]]
        files = () if folder is None else run_files(folder)
        shown = files if place < _SHOWN_WHOLE or trial["state"] not in _ENDED else newest(files)
        trial["artifacts"] += [described(study, trial["number"], file) for file in shown]
