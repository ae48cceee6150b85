import json
import math
from typing import Any

import pytest
from optuna_dashboard._custom_plot_data import is_valid_graph_object_id

from dashboards.figures import study_figures
from storage.errors import StudyNotFoundError
from storage.records import TrialRole, TrialState

IDS = ["gradient-norm", "diagonality", "quality", "savings", "importance"]
TWO = {"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]}


def test_there_are_all_of_them_in_order(lab: Any) -> None:
    lab.study()
    figures = study_figures(lab.database, "demo")
    assert list(figures) == IDS
    assert all(map(is_valid_graph_object_id, figures))


@pytest.mark.parametrize("identity", [{}, TWO])
def test_without_a_trial_they_say_so(lab: Any, identity: dict[str, Any]) -> None:
    lab.study(identity=identity, config={})
    for figure in study_figures(lab.database, "demo").values():
        assert figure.layout.meta["empty"]
        assert figure.layout.meta["note"].endswith(".")
        assert figure.layout.annotations[0].text == figure.layout.meta["note"]


def test_several_objectives_have_a_figure_each(lab: Any) -> None:
    lab.study(identity=TWO)
    figures = study_figures(lab.database, "demo")
    assert list(figures) == [*IDS[:3], "quality-2", *IDS[3:]]
    assert figures["quality-2"].layout.meta["title"] == "Mcd against trained steps"


def test_what_others_wrote_is_no_markup(lab: Any) -> None:
    evil = '<a href="javascript:alert(1)">x</a>'
    space = {evil: {"type": "float", "low": 0.0, "high": 1.0}}
    lab.study(evil, identity={"objective": [evil], "direction": "maximize", "space": space})
    for number in range(10):
        lab.trial(number, study=evil, value=number / 10, params={evil: number / 10})
    lab.trial(10, study=evil, state=TrialState.PRUNED, reason=evil, step=5)
    lab.evaluation(10, 5, study=evil, diagonal=0.5, norm=2.0)
    for figure in study_figures(lab.database, evil).values():
        drawn = json.loads(figure.to_json())
        meta = drawn["layout"].pop("meta")  # plain text, for whoever escapes it
        assert not meta["empty"]
        assert "<a" not in json.dumps(drawn)


def test_what_is_not_finite_is_left_out(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.5, role=TrialRole.TRIAL)
    lab.evaluation(0, 50, diagonal=math.nan, norm=math.inf)
    lab.evaluation(0, 100, diagonal=0.5, norm=3.0)
    figures = study_figures(lab.database, "demo")
    for name, value in (("gradient-norm", 3.0), ("diagonality", 0.5)):
        [line] = [trace for trace in figures[name].data if trace.name == "complete"]
        assert (line.x, line.y) == ((100,), (value,))


def test_no_such_study(lab: Any) -> None:
    with pytest.raises(StudyNotFoundError):
        study_figures(lab.database, "other")
