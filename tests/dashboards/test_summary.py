from typing import Any

import pytest

from dashboards.summary import read_summary
from storage.errors import StudyNotFoundError
from storage.records import TrialRole, TrialState

TWO = {"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]}


def test_a_study_in_numbers(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.5)
    lab.trial(1, value=0.8)
    lab.trial(2, state=TrialState.PRUNED, reason="statistical", step=200, value=0.9)
    lab.trial(3, value=0.99, role=TrialRole.PROBE)
    summary = read_summary(lab.database, "demo")
    assert summary.best is not None
    assert (summary.best.number, summary.front) == (1, [])
    assert (summary.steps, summary.seconds) == (1700, 240.0)
    assert summary.steps_saved == 300
    assert summary.seconds_saved == pytest.approx(300 * 240 / 1700)


def test_with_several_objectives_the_best_is_that_of_the_front_by_the_first(lab: Any) -> None:
    lab.study(identity=TWO)
    for number, values in enumerate([(0.5, 10.0), (0.9, 30.0), (0.4, 20.0), (0.7, 15.0)]):
        lab.trial(number, value=values[0], values=values)
    summary = read_summary(lab.database, "demo")
    assert [trial.number for trial in summary.front] == [0, 1, 3]
    assert summary.best is not None
    assert summary.best.number == 1


@pytest.mark.parametrize("identity", [{}, TWO])
def test_a_study_without_a_trial(lab: Any, identity: dict[str, Any]) -> None:
    lab.study(identity=identity)
    summary = read_summary(lab.database, "demo")
    assert (summary.best, summary.front, summary.saved) == (None, [], [])
    assert (summary.steps, summary.steps_saved) == (0, 0)


def test_no_such_study(lab: Any) -> None:
    with pytest.raises(StudyNotFoundError, match="no study called 'other'"):
        read_summary(lab.database, "other")
