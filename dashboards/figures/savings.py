"""What pruning has saved, by reason."""

from collections.abc import Sequence

from plotly.graph_objects import Bar, Figure

from dashboards.figures import texts
from dashboards.figures.material import Material
from dashboards.figures.style import ACTIVE, WAITING, empty, escaped, styled
from dashboards.formatting import duration
from dashboards.savings import Saving, savings
from storage.records import TrialRole

_COLORS = {TrialRole.TRIAL: ACTIVE, TrialRole.PROBE: WAITING}
_NAMES = {TrialRole.TRIAL: texts.TRIALS, TrialRole.PROBE: texts.PROBES}


def savings_figure(material: Material) -> Figure:
    """Bars of steps; the hours stand beside them."""
    found = savings(material.study, material.trials, material.costs)
    if not found:
        return empty(texts.SAVINGS, texts.NOTHING_PRUNED)
    figure = Figure([_bars(role, found) for role in _COLORS if _of(role, found)])
    styled(figure, texts.SAVINGS, _note(found), x=texts.SAVED_STEPS)
    return figure.update_layout(barmode="stack").update_yaxes(autorange="reversed")


def _bars(role: TrialRole, found: Sequence[Saving]) -> Bar:
    mine = _of(role, found)
    return Bar(
        orientation="h",
        x=[saving.steps for saving in mine],
        y=[escaped(saving.reason) for saving in mine],
        text=[_words(saving) for saving in mine],
        textposition="auto",
        textangle=0,
        name=_NAMES[role],
        showlegend=True,
        marker={"color": _COLORS[role]},
        hovertemplate="%{y}: %{x:,} steps, %{text}<extra></extra>",
    )


def _words(saving: Saving) -> str:
    plural = "" if saving.trials == 1 else "s"
    return f"{duration(saving.seconds)}, {saving.trials} {saving.role.value}{plural}"


def _of(role: TrialRole, found: Sequence[Saving]) -> list[Saving]:
    return [saving for saving in found if saving.role is role]


def _note(found: Sequence[Saving]) -> str:
    steps = sum(saving.steps for saving in found)
    hours = duration(sum(saving.seconds for saving in found))
    note = texts.SAVINGS_NOTE.format(steps=steps, hours=hours)
    probes = sum(saving.steps for saving in _of(TrialRole.PROBE, found))
    if probes == steps:
        return note + texts.BY_PROBES
    return note + (texts.PROBES_APART.format(steps=probes) if probes else "")
