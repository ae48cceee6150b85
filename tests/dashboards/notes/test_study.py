from collections.abc import Callable
from typing import Any

import pytest

from dashboards.notes import study_note
from storage.clock import utc_now
from storage.controllers import Controllers
from storage.errors import StudyNotFoundError
from storage.records import ControllerRecord, StudyState, TrialRole, TrialState

AsHtml = Callable[[str], str]


def test_a_finished_study(lab: Any) -> None:
    lab.study(trials_target=3)
    lab.trial(0, value=0.91234, params={"learning_rate": 0.006})
    lab.trial(1, state=TrialState.PRUNED, reason="statistical", step=200, value=0.5)
    lab.trial(2, state=TrialState.PRUNED, reason="never_aligned", step=100, role=TrialRole.PROBE)
    lab.event("mlflow_run", None, None, "demo", {"url": "http://127.0.0.1:5000/parent"})
    lab.event("mlflow_run", 0, None, "demo", {"url": "http://127.0.0.1:5000/child"})
    note = study_note(lab.database, "demo")
    for line in (
        "**Study** `demo`: **finished**, STABLE",
        "- Trials: 1 complete, 2 pruned (2 of 3 ended)",
        "- Best: **trial 0, quality 0.912**",
        "- Trained: 800 steps in 3 min of trainers",
        "- Saved by pruning: 700 steps, about 2 min",
        "- Control: [pause, resume, stop, prune](</control/demo>)",
        "- MLflow: [the run, with every metric](<http://127.0.0.1:5000/parent>)",
        "| `never_aligned` (probe) | the attention never found the text | 1 | 400 | 1 min |",
        "| `statistical` | it was worse than its peers | 1 | 300 | 1 min |",
        "| `learning_rate` | 0.001 to 0.1, log scale | `0.006` |",
        "| `optimizer` | one of adam, sgd | `–` |",
        "smart-tuner report --name=demo",
    ):
        assert f"{line}\n" in note


def test_a_running_study_says_its_budget_and_what_is_wrong(lab: Any) -> None:
    lab.study(state=StudyState.RUNNING, config={"study": {"budget": 7200.0}}, identity={})
    lab.trial(0, state=TrialState.RUNNING, seconds=1800.0)
    Controllers(lab.database).enter(
        ControllerRecord(
            id="a", study="demo", host="elsewhere", pid=1, process_started_at=0.0,
            eta_seconds=600.0, heartbeat_at=utc_now(),
        )
    )  # fmt: skip
    note = study_note(lab.database, "demo")
    assert "- Budget: 0.5 of 2.0 h spent\n- Time left: about 10 min\n" in note
    assert "- Best: no trial is complete yet\n" in note
    assert "smart-tuner pause demo\n" in note
    assert "searched" not in note


def test_a_study_whose_controller_is_lost(lab: Any) -> None:
    lab.study(state=StudyState.RUNNING)
    note = study_note(lab.database, "demo")
    assert note.startswith("**Study** `demo`: **controller lost**, CRITICAL\n")
    assert "- **CRITICAL**: nobody runs the study any more: start it again to continue\n" in note
    assert "smart-tuner start study --name=demo\n" in note


def test_several_objectives(lab: Any) -> None:
    lab.study(identity={"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]})
    for number, values in enumerate([(0.5, 10.0), (0.9, 30.0), (0.4, 20.0)]):
        lab.trial(number, value=values[0], values=values)
    words = "0 (quality 0.500, mcd 10.000); 1 (quality 0.900, mcd 30.000)\n"
    best = f"- Best: No other trial beats these in every objective: {words}"
    assert best in study_note(lab.database, "demo")


@pytest.mark.parametrize("name", ["Мой голос", "a/b?c#d", "<script>alert(1)</script>", "-x"])
def test_any_name(lab: Any, as_html: AsHtml, name: str) -> None:
    lab.study(name)
    html = as_html(study_note(lab.database, name))
    assert "<script" not in html
    href = html.partition('href="')[2].partition('"')[0]
    assert href.startswith("/control/")
    assert not set("<>?#/ ") & set(href.removeprefix("/control/"))


def test_no_such_study(lab: Any) -> None:
    with pytest.raises(StudyNotFoundError):
        study_note(lab.database, "other")
