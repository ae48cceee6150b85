"""Scores of all trials over their steps: one line a trial, coloured by how it ended."""

import math
from collections.abc import Iterable, Iterator, Sequence

from plotly.graph_objects import Figure, Scatter

from dashboards.figures import texts
from dashboards.figures.material import Material
from dashboards.figures.style import GROUPS, empty, escaped, group_of, styled
from dashboards.figures.thresholds import (
    Threshold,
    diagonality_thresholds,
    gradient_thresholds,
)
from dashboards.objectives import directions_of
from storage.endings import Ending
from storage.records import TrialRole, TrialState

GRADIENT_NORM = "gradient.norm"
_DIAGONAL = "alignment.diagonal_score"
_POINTS = 60
"""Of a line: more are not seen."""
Point = tuple[int, float]


def gradient_figure(material: Material) -> Figure:
    """Gradient norms, on a logarithmic scale."""
    lines = {trial.number: _norms(material, trial) for trial in material.drawn}
    if not any(lines.values()):
        return empty(texts.GRADIENT, texts.NO_NORM)
    figure = _lines(material, lines, gradient_thresholds(material.study.config))
    styled(figure, texts.GRADIENT, material.note, x=texts.STEPS, y=texts.GRADIENT_AXIS)
    return figure.update_yaxes(type="log", exponentformat="power", dtick=1)


def diagonality_figure(material: Material) -> Figure:
    """Diagonality of the attention at every evaluation, 0 to 1."""
    lines = {trial.number: _points(material, trial.number, _DIAGONAL) for trial in material.drawn}
    if not any(lines.values()):
        return empty(texts.DIAGONALITY, texts.NO_EVALUATION)
    thinned = {number: _last_of_each(points) for number, points in lines.items()}
    figure = _lines(material, thinned, diagonality_thresholds(material.study.config))
    styled(figure, texts.DIAGONALITY, material.note, x=texts.STEPS, y=texts.DIAGONALITY_AXIS)
    return figure.update_yaxes(range=[-0.02, 1.02])


def _norms(material: Material, trial: Ending) -> list[Point]:
    """The evaluations' norms, what the trial was given up for, and the newest of one that runs."""
    points = dict(_points(material, trial.number, GRADIENT_NORM))
    last = material.evidence.get(trial.number, {}).get(GRADIENT_NORM)
    running = material.progress.get(trial.number)
    if trial.step is not None and isinstance(last, int | float):
        points[trial.step] = last
    if running is not None and running.gradient_norm is not None:
        points.setdefault(running.step, running.gradient_norm)
    positive = {s: y for s, y in points.items() if math.isfinite(y) and y > 0}
    return _highest_of_each(sorted(positive.items()))


def _points(material: Material, number: int, metric: str) -> list[Point]:
    return [
        (seen.step, seen.metrics[metric])
        for seen in material.curves.get(number, ())
        if metric in seen.metrics and math.isfinite(seen.metrics[metric])
    ]


def _highest_of_each(points: Sequence[Point]) -> list[Point]:
    """Thinned so that no peak is lost."""
    return [max(chunk, key=lambda point: point[1]) for chunk in _chunks(points)]


def _last_of_each(points: Sequence[Point]) -> list[Point]:
    return [chunk[-1] for chunk in _chunks(points)]


def _chunks(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    size = max(1, math.ceil(len(points) / _POINTS))
    return (points[start : start + size] for start in range(0, len(points), size))


def _lines(
    material: Material, lines: dict[int, list[Point]], thresholds: Iterable[Threshold]
) -> Figure:
    figure = Figure()
    farthest = max(step for points in lines.values() for step, _ in points)
    best = _best(material)
    shown: set[str] = set()
    for trial in material.drawn:
        if lines[trial.number]:
            group = group_of(trial.state)
            is_first = group not in shown
            shown.add(group)
            figure.add_trace(_line(trial, lines[trial.number], group, is_first, trial is best))
    figure.add_traces([_across(threshold, farthest) for threshold in thresholds])
    return figure


def _line(trial: Ending, points: list[Point], group: str, is_first: bool, is_best: bool) -> Scatter:
    color, words = GROUPS[group], escaped(_words(trial, is_best))
    return Scatter(
        x=[step for step, _ in points],
        y=[round(y, 6) for _, y in points],
        mode="lines+markers",
        name=group,
        legendgroup=group,
        showlegend=is_first,
        line={"color": color, "width": 3 if is_best else 1.3},
        marker={"color": color, "size": 6 if len(points) == 1 else 3},
        opacity=1.0 if is_best else 0.75,
        hovertemplate=f"{words}<br>step %{{x}}: %{{y:.4g}}<extra></extra>",
    )


def _words(trial: Ending, is_best: bool) -> str:
    role = "" if trial.role is TrialRole.TRIAL else f" ({trial.role.value})"
    reason = f": {trial.reason}" if trial.reason else ""
    best = ", the best" if is_best else ""
    return f"trial {trial.number}{role}, {trial.state.value}{reason}{best}"


def _across(threshold: Threshold, farthest: int) -> Scatter:
    """A trace and no shape: those are misplaced on logarithmic axes."""
    return Scatter(
        x=[0, farthest],
        y=[threshold.value, threshold.value],
        mode="lines+text",
        text=["", threshold.words],
        textposition="top left",
        textfont={"color": threshold.color, "size": 11},
        line={"color": threshold.color, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )


def _best(material: Material) -> Ending | None:
    direction = directions_of(material.study)[0]
    complete = [
        trial
        for trial in material.drawn
        if trial.state is TrialState.COMPLETE
        and trial.role is not TrialRole.PROBE
        and trial.value is not None
    ]
    choose = max if direction == "maximize" else min
    return choose(complete, key=lambda trial: trial.value or 0.0, default=None)
