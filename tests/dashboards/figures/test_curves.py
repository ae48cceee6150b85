from typing import Any

import pytest
from plotly.graph_objects import Figure

from dashboards.figures import study_figures
from dashboards.figures.curves import _POINTS as POINTS
from dashboards.figures.material import BEST, NEWEST
from storage.progress import Progress
from storage.records import ProgressRecord, TrialState


def lines(figure: Figure) -> dict[str, Any]:
    """The traces of trials, by the words that they show."""
    return {
        trace.hovertemplate.partition("<br>")[0]: trace
        for trace in figure.data
        if trace.legendgroup
    }


def thresholds(figure: Figure) -> dict[str, float]:
    return {trace.text[1]: trace.y[0] for trace in figure.data if not trace.legendgroup}


def test_one_line_a_trial_coloured_by_its_end(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.5)
    lab.trial(1, value=0.9)
    lab.trial(2, state=TrialState.PRUNED, reason="never_aligned", step=50)
    for number in range(3):
        for step in (50, 100):
            lab.evaluation(number, step, diagonal=number / 10, norm=1.0 + number)
    figures = study_figures(lab.database, "demo")
    for name in ("gradient-norm", "diagonality"):
        found = lines(figures[name])
        assert list(found) == [
            "trial 0, complete",
            "trial 1, complete, the best",
            "trial 2, pruned: never_aligned",
        ]
        assert [trace.showlegend for trace in found.values()] == [True, False, True]
        widths = [trace.line.width for trace in found.values()]
        assert widths[1] > widths[0] == widths[2]
    assert lines(figures["diagonality"])["trial 2, pruned: never_aligned"].y == (0.2, 0.2)


def test_thresholds_are_the_studys_own(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.5)
    lab.evaluation(0, 50, diagonal=0.5, norm=2.0)
    figures = study_figures(lab.database, "demo")
    assert thresholds(figures["gradient-norm"]) == {
        "pruned above 20": 20.0,
        "critical above 100": 100.0,
        "attention above 10": 10.0,
    }
    assert thresholds(figures["diagonality"]) == {
        "good above 0.7": 0.7,
        "never aligned below 0.3": 0.3,
        "critical below 0.1": 0.1,
    }
    assert figures["gradient-norm"].layout.yaxis.type == "log"
    assert figures["diagonality"].layout.yaxis.type is None


@pytest.mark.parametrize(
    "health", [{}, {"gradient_explosion": {"enabled": False, "norm": 20.0}, "never_aligned": False}]
)
def test_a_rule_that_is_off_has_no_line(lab: Any, health: dict[str, Any]) -> None:
    lab.study(config={"health": health})
    lab.trial(0, value=0.5)
    lab.evaluation(0, 50, diagonal=0.5, norm=2.0)
    figures = study_figures(lab.database, "demo")
    assert thresholds(figures["gradient-norm"]) == thresholds(figures["diagonality"]) == {}


def test_an_explosion_before_the_first_evaluation_is_seen(lab: Any) -> None:
    lab.study()
    evidence = {"gradient.norm": 6526.0, "threshold": 20.0}
    lab.trial(0, state=TrialState.PRUNED, reason="gradient_explosion", evidence=evidence, step=6)
    figures = study_figures(lab.database, "demo")
    [line] = lines(figures["gradient-norm"]).values()
    assert (line.x, line.y) == ((6,), (6526.0,))
    assert figures["diagonality"].layout.meta["empty"]


def test_a_running_trial_is_drawn_up_to_now(lab: Any) -> None:
    lab.study()
    lab.trial(0, state=TrialState.RUNNING, step=50)
    lab.evaluation(0, 50, norm=2.0)
    Progress(lab.database).upsert(
        ProgressRecord(study="demo", number=0, step=73, gradient_norm=4.0)
    )
    [line] = lines(study_figures(lab.database, "demo")["gradient-norm"]).values()
    assert (line.x, line.y, line.name) == ((50, 73), (2.0, 4.0), "running")


def test_long_lines_are_thinned_and_keep_their_peaks(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.5)
    for step in range(1, 3 * POINTS + 1):
        lab.evaluation(0, step, norm=50.0 if step == 77 else 1.0, diagonal=step / 1000)
    figures = study_figures(lab.database, "demo")
    for name in ("gradient-norm", "diagonality"):
        [line] = lines(figures[name]).values()
        assert len(line.x) == POINTS
    assert (77, 50.0) in zip(
        *(lines(figures["gradient-norm"])["trial 0, complete, the best"][i] for i in "xy"),
        strict=True,
    )
    assert line.x[-1] == 3 * POINTS


def test_of_many_trials_the_best_and_the_newest_are_drawn(lab: Any) -> None:
    lab.study()
    many = 3 * (BEST + NEWEST)
    with lab.database.transaction():
        for number in range(many):
            lab.trial(number, value=1.0 - number / many)
            lab.evaluation(number, 50, diagonal=0.5, norm=2.0)
    figure = study_figures(lab.database, "demo")["gradient-norm"]
    numbers = [int(words.split()[1].rstrip(",")) for words in lines(figure)]
    assert numbers == [*range(BEST), *range(many - NEWEST, many)]
    note = f"100 of 300 trials: the {BEST} best and the {NEWEST} newest"
    assert figure.layout.meta["note"] == note
    assert note in figure.layout.title.text
