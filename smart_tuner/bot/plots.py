"""The plots of a study as one picture: a process of its own, for matplotlib and Optuna are large.

``python -m smart_tuner.bot.plots STUDY LANGUAGE FILE``, the database from the environment.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboards.importance import importance
from dashboards.objectives import directions_of
from smart_tuner.bot.language import Words, words
from storage.curves import Evaluated, evaluations
from storage.database import Database, open_existing
from storage.endings import endings, tried
from storage.records import StudyRecord, TrialRole, TrialState
from storage.studies import Studies

_NEWEST = 12
"""So many trials are drawn as lines."""
_SIZE_INCHES, _DPI = (10, 8), 110
_ALARMING_NORM = 100.0
_MOST_BARS = 8


def draw(database: Database, study: str, t: Words) -> Figure:
    """History, gradient norm, diagonality and importance of a study.

    Raises:
        StudyNotFoundError: there is no such study.
    """
    record = Studies(database).get(study)
    if record is None:
        raise Studies(database).not_found(study)
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    (history, norms), (diagonality, bars) = figure.subplots(2, 2)
    _history(history, database, record, t)
    trials = endings(database, study)[-_NEWEST:]
    curves = evaluations(database, study, [trial.number for trial in trials])
    _curves(norms, curves, "gradient.norm", t("gradient norm"), t)
    if norms.lines:
        norms.set_yscale("log")
        norms.axhline(_ALARMING_NORM, color="tab:red", linestyle=":")
    _curves(diagonality, curves, "alignment.diagonal_score", t("diagonality"), t)
    _importance(bars, database, record, t)
    return figure


def _history(axes: Axes, database: Database, study: StudyRecord, t: Words) -> None:
    """Every complete trial's value, and the best so far."""
    complete = [
        trial
        for trial in endings(database, study.name)
        if trial.state is TrialState.COMPLETE
        and trial.role is not TrialRole.PROBE
        and trial.value is not None
    ]
    numbers = [trial.number for trial in complete]
    values = [trial.value or 0.0 for trial in complete]
    better = max if directions_of(study)[0] == "maximize" else min
    axes.plot(numbers, values, "o", color="tab:blue")
    best = [better(values[: i + 1]) for i in range(len(values))]
    axes.step(numbers, best, where="post", color="tab:orange")
    _label(axes, t("value of each trial, and the best so far"), t("trial"))
    _say_if_empty(axes, bool(values), t)


def _curves(
    axes: Axes, curves: Mapping[int, Sequence[Evaluated]], metric: str, title: str, t: Words
) -> None:
    """One metric over steps, a line a trial."""
    for number, seen in curves.items():
        points = [(one.step, one.metrics[metric]) for one in seen if metric in one.metrics]
        if points:
            axes.plot(*zip(*points, strict=True), label=str(number), linewidth=1.2)
    if axes.lines:
        axes.legend(title=t("trial"), fontsize="x-small", ncols=3)
    _label(axes, title, t("step"))
    _say_if_empty(axes, bool(axes.lines), t)


def _importance(axes: Axes, database: Database, study: StudyRecord, t: Words) -> None:
    """What mattered most, at the top."""
    space = study.identity.get("space", {})
    direction = directions_of(study)[0]
    shares = list(importance(space, tried(database, study.name), direction).items())[:_MOST_BARS]
    names, values = [name for name, _ in shares][::-1], [share for _, share in shares][::-1]
    axes.barh(names, values, color="tab:green")
    _label(axes, t("importance of the hyperparameters"), "")
    _say_if_empty(axes, bool(shares), t)


def _label(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, fontsize="medium")
    axes.set_xlabel(below)
    axes.grid(alpha=0.3)


def _say_if_empty(axes: Axes, has_something: bool, t: Words) -> None:
    if not has_something:
        axes.text(
            0.5, 0.5, t("nothing to draw yet"), color="gray",
            ha="center", va="center", transform=axes.transAxes,
        )  # fmt: skip


def main(study: str, language: str, file: Path) -> None:
    """Write the picture."""
    url = os.environ["SMART_TUNER_STORAGE__URL"]
    with open_existing(url) as database:
        draw(database, study, words(language)).savefig(file, format="png", dpi=_DPI)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
