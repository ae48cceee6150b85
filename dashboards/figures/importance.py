"""Which hyperparameters mattered, as bars."""

from collections.abc import Mapping

from plotly.graph_objects import Bar, Figure

from dashboards.figures import texts
from dashboards.figures.material import Material
from dashboards.figures.style import ACTIVE, BEST, COMPLETE, empty, escaped, styled
from dashboards.importance import FEWEST, RELIABLE, every, importance
from dashboards.objectives import directions_of, objectives_of

_COLORS = (ACTIVE, BEST, COMPLETE)


def importance_figure(material: Material) -> Figure:
    """One bar a hyperparameter, and one for each objective where there are several."""
    space = material.study.identity.get("space") or {}
    trials = material.tried
    if not space:
        return empty(texts.IMPORTANCE, texts.NO_SPACE)
    if len(trials) < FEWEST:
        words = texts.TOO_FEW.format(fewest=FEWEST, trials=len(trials))
        return empty(texts.IMPORTANCE, words)
    shares = {
        name: importance(space, trials, direction, place)
        for place, (name, direction) in enumerate(
            zip(objectives_of(material.study), directions_of(material.study), strict=True)
        )
    }
    if not any(shares.values()):
        return empty(texts.IMPORTANCE, texts.ALIKE)
    figure = Figure([_bars(n, name, found) for n, (name, found) in enumerate(shares.items())])
    styled(figure, texts.IMPORTANCE, _note(len(trials)), x=texts.IMPORTANCE_AXIS)
    return figure.update_xaxes(tickformat=".0%", rangemode="tozero").update_yaxes(
        autorange="reversed"
    )


def _bars(place: int, objective: str, shares: Mapping[str, float]) -> Bar:
    return Bar(
        orientation="h",
        x=list(shares.values()),
        y=[escaped(name) for name in shares],
        name=escaped(objective),
        text=[f"{share:.0%}" for share in shares.values()],
        textposition="auto",
        textangle=0,
        marker={"color": _COLORS[place % len(_COLORS)]},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )


def _note(trials: int) -> str:
    if trials < RELIABLE:
        return texts.A_HINT.format(trials=trials, reliable=RELIABLE)
    words = texts.SOME_TRIALS if every(trials) > 1 else texts.OF_TRIALS
    return words.format(trials=trials, every=every(trials))
