"""The forms that programs and wikis read."""

import csv
import io
import json
import math
from typing import Any

import pytest
from markdown_it import MarkdownIt

from dashboards.report import csv_report, json_report, markdown_report
from storage.errors import StudyNotFoundError
from storage.records import TrialState

FORMS = (csv_report, json_report, markdown_report)


def rows(lab: Any, study: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_report(lab.database, study, "x"))))


def test_json_has_all_of_it(lab: Any, reported: str) -> None:
    report = json.loads(json_report(lab.database, reported, "smart-tuner 1.2.3"))
    assert (report["study"], report["state"], report["level"]) == ("demo", "finished", "STABLE")
    assert report["made_by"] == "smart-tuner 1.2.3"
    assert report["objectives"] == [{"name": "quality", "direction": "maximize"}]
    assert report["searched"]["space"]["learning_rate"]["low"] == 0.001
    assert report["best"]["number"] == 0
    assert report["best"]["metrics"]["mcd"] is None
    assert report["best"]["sample_wav"].endswith("speech.wav")
    assert report["pareto"] == []
    assert report["importance"] == {"quality": {}}
    assert [(group["reason"], group["trials"]) for group in report["ended_early"]] == [
        ("crashed", [3]),
        ("gradient_explosion", [1]),
        ("statistical", [2]),
    ]
    assert report["failed_attempts"] == [
        {"cause": "crashed", "attempts": 1, "trials": [0], "seconds": 30.0}
    ]
    cost = report["cost"]
    assert (cost["steps"], cost["attempts"], cost["steps_saved"]) == (837, 5, 770)
    assert cost["trainer_hours"] == pytest.approx(270 / 3600)
    assert cost["hours_saved"] == pytest.approx(770 * 270 / 837 / 3600)
    first, exploded, *_ = report["trials"]
    assert (first["attempts"], first["steps_trained"], first["seconds"]) == (2, 600, 90.0)
    assert exploded["evidence"] == {"gradient.norm": 512.0, "threshold": 20.0}
    assert exploded["recommendations"][0]["hparam"] == "learning_rate"
    assert first["started_at"] == "2026-01-02T12:00:00+00:00"


def test_csv_is_a_row_a_trial(lab: Any, reported: str) -> None:
    first, exploded, pruned, failed = rows(lab, reported)
    assert (first["number"], first["state"], first["objective.quality"]) == (
        "0",
        "complete",
        "0.91",
    )
    assert (first["params.learning_rate"], first["params.optimizer"]) == ("0.006", "adam")
    assert (first["metrics.quality"], first["metrics.mcd"]) == ("0.91", "")
    assert (first["attempts"], first["seconds"]) == ("2", "90.0")
    assert (exploded["role"], exploded["reason"]) == ("probe", "gradient_explosion")
    assert exploded["evidence"] == "gradient.norm 512, threshold 20"
    assert exploded["flags"] == "gradient_norm_high"
    assert (pruned["objective.quality"], pruned["params.optimizer"]) == ("0.4", "")
    assert failed["message"] == "killed by SIGKILL"


def test_a_spreadsheet_takes_no_text_for_a_formula(lab: Any, hostile: str, evil: str) -> None:
    found = rows(lab, hostile)
    assert found[0][f"params.{evil}"] == "'="
    assert found[1][f"params.{evil}"] == evil
    assert found[8]["params.formula"] == "'=HYPERLINK(1)"
    assert (found[8]["params.rate"], found[8]["message"]) == ("", evil)


def test_csv_with_several_objectives(lab: Any) -> None:
    lab.study(identity={"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]})
    lab.trial(0, value=0.5, values=(0.5, 10.0))
    lab.trial(1, state=TrialState.FAILED)
    lab.trial(2, value=math.nan, values=(math.nan, 3.0))
    found = [(row["objective.quality"], row["objective.mcd"]) for row in rows(lab, "demo")]
    assert found == [("0.5", "10.0"), ("", ""), ("", "3.0")]
    report = json.loads(json_report(lab.database, "demo", "x"))
    assert (report["pareto"], report["best"]["values"]) == ([0], [0.5, 10.0])


def test_markdown_says_the_same(lab: Any, reported: str) -> None:
    text = markdown_report(lab.database, reported, "smart-tuner 1.2.3")
    for line in (
        "# Study `demo`",
        "- Best: **trial 0, quality 0.912**".replace("0.912", "0.910"),
        "- Trained: 837 steps in 4 min of trainers",
        f"- Listen: `{lab.folder}/speech.wav`",
        "| learning\\_rate | `0.006` |",
        "| ✓ | quality | 0.91 | \\> 0.8 |",
        "### the gradient exploded (`gradient_explosion`): 1",
        "| `crashed` | 1 | 0 | 30 s |",
        "| Total | 4 | 837 | 4 min | 100% |",
        "Nothing can be said yet: that takes 8 complete trials at least.",
    ):
        assert f"{line}\n" in text
    advice = "lower learning\\_rate (now 0.3): smaller steps keep training from flying apart"
    why = "gradient.norm 512, threshold 20"
    assert f"- Trial 1 (probe), step 30: {why}. What to try: {advice}\n" in text


def test_markdown_takes_nothing_for_markup(lab: Any, hostile: str) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = reader.render(markdown_report(lab.database, hostile, "x"))
    assert "<script" not in html
    assert "<a " not in html


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("identity", [{}, {"objective": ["a", "b"], "direction": ["minimize"] * 2}])
def test_a_study_without_a_trial(lab: Any, form: Any, identity: dict[str, Any]) -> None:
    lab.study("Мой голос", identity=identity, config={})
    text = form(lab.database, "Мой голос", "x")
    assert text.endswith("\n")
    assert "Мой голос" in text or form is csv_report


@pytest.mark.parametrize("form", FORMS)
def test_no_such_study(lab: Any, form: Any) -> None:
    with pytest.raises(StudyNotFoundError):
        form(lab.database, "other", "x")
