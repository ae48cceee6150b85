from typing import Any

import pytest
from plotly.graph_objects import Figure

from dashboards.figures import study_figures
from dashboards.figures.quality import _MOST as MOST
from storage.records import TrialRole, TrialState


def trace(figure: Figure, name: str) -> Any:
    [found] = [one for one in figure.data if one.name == name]
    return found


def test_the_best_so_far_against_what_was_trained(lab: Any) -> None:
    lab.study()
    for number, value in enumerate((0.4, 0.3, 0.7)):
        lab.trial(number, value=value)
    lab.trial(3, value=0.9, state=TrialState.PRUNED, reason="statistical", step=100)
    lab.trial(4, value=0.99, role=TrialRole.PROBE)
    lab.trial(5, state=TrialState.RUNNING, value=0.95)
    lab.attempt(0, 2, first_step=400, last_step=500)
    figure = study_figures(lab.database, "demo")["quality"]
    best = trace(figure, "best so far")
    assert (best.x, best.y) == ((600, 1600, 2200), (0.4, 0.7, 0.7))
    assert best.line.shape == "hv"
    assert trace(figure, "pruned").customdata == (3,)
    assert trace(figure, "complete").y == (0.4, 0.3, 0.7, 0.99)


@pytest.mark.parametrize("values", [(0.3, 8.0), (0.3, float("nan"))])
def test_each_objective_has_its_own_direction(lab: Any, values: tuple[float, float]) -> None:
    lab.study(identity={"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]})
    lab.trial(0, value=0.5, values=(0.5, 10.0))
    lab.trial(1, value=values[0], values=values)
    figures = study_figures(lab.database, "demo")
    assert trace(figures["quality"], "best so far").y == (0.5, 0.5)
    expected = (10.0, 8.0, 8.0) if values[1] == 8.0 else (10.0, 10.0)
    assert trace(figures["quality-2"], "best so far").y == expected


def test_of_many_trials_some_become_points(lab: Any) -> None:
    lab.study()
    with lab.database.transaction():
        for number in range(MOST + 1):
            lab.trial(number, value=number / MOST)
    figure = study_figures(lab.database, "demo")["quality"]
    assert len(trace(figure, "complete").x) == MOST // 2 + 1
    assert len(trace(figure, "best so far").x) == MOST + 2
    assert "one of 2 of 2,001 trials" in figure.layout.meta["note"]
