from collections.abc import Callable
from typing import Any

from dashboards.notes import trial_note
from storage.assessment import Assessment, Check, Flag, Recommendation
from storage.levels import Level
from storage.records import TrialRole, TrialState

AsHtml = Callable[[str], str]
JUDGED = Assessment(
    flags=(Flag("gradient_norm_high", Level.NEEDS_ATTENTION, 412, {"gradient.norm": 12.4}),),
    checklist=(Check("good_quality", True, 0.91, 0.8), Check("low_loss", None, None, 1.0)),
    recommendations=(
        Recommendation("smaller_steps", "learning_rate", "lower", "gradient_norm_high", now=0.3),
    ),
)


def test_a_note_says_what_happened_and_what_to_do(lab: Any) -> None:
    lab.study()
    lab.trial(
        1,
        role=TrialRole.PROBE,
        state=TrialState.PRUNED,
        reason="gradient_explosion",
        evidence={"gradient.norm": 512.0, "threshold": 20.0},
        step=31,
        params={"learning_rate": 0.3},
        metrics={"quality": 0.25, "system.memory_mb": 400.0},
        status="CRITICAL",
        assessment=JUDGED.to_json(),
        run_dir="/runs/demo/1",
    )
    lab.attempt(1, 2, first_step=20, last_step=31, exit_code=-9, cause="crashed")
    note = trial_note(lab.database, "demo", 1)
    for line in (
        "**Trial 1 (probe)** of study `demo`: **pruned** at step 31, "
        "the gradient exploded (`gradient_explosion`)",
        "- Status: **CRITICAL**, the training has gone wrong, or is about to",
        "- Evidence: gradient.norm 512, threshold 20",
        "- Control: [pause, resume, stop, prune](</control/demo>)",
        "- **NEEDS ATTENTION**: the gradient norm is high (gradient.norm 12.4) at step 412",
        "- lower learning\\_rate (now 0.3): smaller steps keep training from flying apart",
        "| ✓ | quality | 0.91 | \\> 0.8 |",
        "| – | validation loss | – | \\< 1 |",
        "| `learning_rate` | `0.3` |",
        "| quality | 0.250 |",
        "smart-tuner logs 1 --name=demo",
    ):
        assert f"{line}\n" in note
    assert "| 20–31 | -9 | `crashed` |" in note
    assert "system" not in note


def test_a_trial_that_has_not_begun(lab: Any) -> None:
    lab.study()
    lab.trial(0, state=TrialState.QUEUED, step=None, started_at=None)
    note = trial_note(lab.database, "demo", 0)
    assert note.startswith("**Trial 0** of study `demo`: **queued**\n")
    assert "- Status: not judged yet\n- Value: –\n" in note


def test_no_trial_no_note(lab: Any) -> None:
    lab.study()
    assert trial_note(lab.database, "demo", 7) == ""


def test_it_links_to_the_newest_run_of_mlflow(lab: Any) -> None:
    lab.study()
    lab.trial(1)
    for number, run in ((1, "old"), (1, "new"), (None, "parent")):
        lab.event("mlflow_run", number, None, "demo", {"url": f"http://127.0.0.1:5000/{run}"})
    note = trial_note(lab.database, "demo", 1)
    assert "- MLflow: [the run, with every metric](<http://127.0.0.1:5000/new>)\n" in note


def test_nothing_that_others_wrote_is_taken_for_markup(lab: Any, as_html: AsHtml) -> None:
    evil = "<script>alert(1)</script> | [x](javascript:alert(1)) `"
    lab.study(evil)
    lab.trial(
        0,
        study=evil,
        state=TrialState.FAILED,
        reason="bad_input",
        evidence={"message": evil, evil: evil},
        params={evil: evil, "learning_rate": float("nan")},
        run_dir=evil,
    )
    lab.event("mlflow_run", 0, None, evil, {"url": "javascript:alert(1)"})
    html = as_html(trial_note(lab.database, evil, 0))
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert html.count("<a ") == 1  # the page of the buttons
    assert "/control/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%20%7C%20" in html
    assert "learning_rate" in html
