"""How figures look: on a light page and on a dark one alike."""

import html
from collections.abc import Mapping

from plotly.graph_objects import Figure

from storage.records import TrialState

GREY = "#808080"
"""Read on white and on black."""
_GRID = "rgba(128,128,128,0.25)"
_LINE = "rgba(128,128,128,0.6)"
COMPLETE, PRUNED, FAILED, ACTIVE, WAITING = "#009e73", "#cc79a7", "#d55e00", "#2b8cce", "#999999"
BEST = "#e69f00"
"""Okabe and Ito's colours, which the colour-blind tell apart; the blue one lighter."""
GROUPS: Mapping[str, str] = {
    "complete": COMPLETE,
    "pruned": PRUNED,
    "failed": FAILED,
    "running": ACTIVE,
    "waiting": WAITING,
}


def group_of(state: TrialState) -> str:
    """What the trials in ``state`` are shown as."""
    if state.ended:
        return state.value
    return "running" if state.active else "waiting"


def escaped(text: object) -> str:
    """Text for Plotly, which takes some HTML for markup."""
    return html.escape(str(text))


def styled(figure: Figure, title: str, note: str = "", *, x: str = "", y: str = "") -> Figure:
    """``figure`` with its title, a note under it, and the titles of its axes.

    Args:
        figure: changed and returned.
        title: plain text.
        note: plain text; what is left out, or how to read the figure.
        x: of the horizontal axis.
        y: of the vertical axis.
    """
    shown = f"<b>{escaped(title)}</b>"
    shown += f"<br><sup>{escaped(note)}</sup>" if note else ""
    figure.update_layout(
        template="none",
        meta={"title": title, "note": note, "empty": False},
        title={"text": shown, "x": 0.01, "xanchor": "left", "font": {"size": 15}},
        font={"family": "system-ui, sans-serif", "size": 12, "color": GREY},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 60, "r": 20, "t": 60, "b": 50},
        legend={"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
        hovermode="closest",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": ACTIVE},
    )
    axis = {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _LINE, "automargin": True}
    figure.update_xaxes(title={"text": x}, **axis)
    figure.update_yaxes(title={"text": y}, **axis)
    return figure


def empty(title: str, words: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = styled(Figure(), title)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=escaped(words), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper"
    )
    figure.update_layout(meta={"title": title, "note": words, "empty": True})
    return figure
