"""How good trials are against what was trained until then."""

import math

from plotly.graph_objects import Figure, Scatter

from dashboards.figures import texts
from dashboards.figures.material import Material
from dashboards.figures.style import BEST, GROUPS, empty, escaped, group_of, styled
from dashboards.objectives import directions_of, objectives_of
from storage.endings import Ending
from storage.records import TrialRole, TrialState

_MOST = 2000
"""Trials that become points; the line of the best so far is made of all."""


def quality_figures(material: Material) -> dict[str, Figure]:
    """One for each objective: what each ended trial came to, and the best so far."""
    names = objectives_of(material.study)
    keys = ["quality", *(f"quality-{place}" for place in range(2, len(names) + 1))]
    return {key: _figure(material, place, names[place]) for place, key in enumerate(keys)}


def _figure(material: Material, objective: int, name: str) -> Figure:
    title = texts.QUALITY.format(objective=name[:1].upper() + name[1:])
    points = _points(material, objective)
    if not points:
        return empty(title, texts.NO_TRIAL_ENDED)
    figure = Figure()
    every = math.ceil(len(points) / _MOST)
    drawn = points[::every]
    for group in dict.fromkeys(group_of(trial.state) for _, _, trial in drawn):
        figure.add_trace(_dots(group, [p for p in drawn if group_of(p[2].state) == group]))
    figure.add_trace(_best_so_far(points, directions_of(material.study)[objective]))
    note = texts.SOME_POINTS.format(every=every, trials=len(points)) if every > 1 else ""
    return styled(figure, title, note, x=texts.CONSUMED, y=escaped(name))


Point = tuple[int, float, Ending]


def _points(material: Material, objective: int) -> list[Point]:
    """Steps of the study until then, value, trial: of all that ended, in the order of their end."""
    ended = [trial for trial in material.trials if trial.state.ended and trial.ended_at is not None]
    points: list[Point] = []
    consumed = 0
    for trial in sorted(ended, key=lambda one: (one.ended_at, one.number)):
        cost = material.costs.get(trial.number)
        consumed += cost.steps if cost else 0
        value = _value(trial, objective)
        if value is not None:
            points.append((consumed, value, trial))
    return points


def _value(trial: Ending, objective: int) -> float | None:
    values = trial.values or (trial.value,)
    value = values[objective] if objective < len(values) else None
    return value if value is not None and math.isfinite(value) else None


def _dots(group: str, points: list[Point]) -> Scatter:
    return Scatter(
        x=[consumed for consumed, _, _ in points],
        y=[value for _, value, _ in points],
        customdata=[trial.number for _, _, trial in points],
        mode="markers",
        name=group,
        marker={"color": GROUPS[group], "size": 7, "opacity": 0.8},
        hovertemplate="trial %{customdata}: %{y:.4g}<br>after %{x:,} steps<extra></extra>",
    )


def _best_so_far(points: list[Point], direction: str) -> Scatter:
    better = max if direction == "maximize" else min
    xs: list[int] = []
    ys: list[float] = []
    for consumed, value, trial in points:
        counts = trial.state is TrialState.COMPLETE and trial.role is not TrialRole.PROBE
        if counts and (not ys or better(value, ys[-1]) != ys[-1]):
            xs.append(consumed)
            ys.append(value)
    if ys:
        xs.append(points[-1][0])
        ys.append(ys[-1])
    return Scatter(
        x=xs,
        y=ys,
        mode="lines",
        name=texts.BEST_SO_FAR,
        line={"color": BEST, "width": 2.5, "shape": "hv"},
        hovertemplate="best so far %{y:.4g}<br>after %{x:,} steps<extra></extra>",
    )
