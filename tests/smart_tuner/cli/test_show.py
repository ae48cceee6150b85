"""``smart-tuner show`` on a database with rows in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from smart_tuner.health import HealthSection, Reason, assess, history_of
from storage.attempts import Attempts
from storage.database import Database
from storage.records import AttemptRecord, TrialRecord
from storage.trials import Trials
from trainer.events import Started, Step

KEYS = [
    "number", "role", "state", "reason", "evidence", "value", "values", "step", "status", "params",
    "metrics", "run_dir", "checkpoint", "alignment_png", "sample_wav", "exit_code", "flags",
    "checklist", "recommendations", "started_at", "ended_at", "attempts",
]  # fmt: skip
ATTEMPT_KEYS = [
    "attempt", "host", "pid", "slot", "gpus", "overrides", "first_step", "last_step", "checkpoint",
    "exit_code", "cause", "began_at", "ended_at",
]  # fmt: skip
AT = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def judged(database: Database, study: str) -> str:
    """The probe of the study with the judgement that the controller would have stored."""
    hparams = {"learning_rate": 0.3, "n_frames_per_step": 3}
    history = history_of(
        [
            Started(0, 500, False, 1, hparams, {}, 1, 400, 20, 1.0),
            *(Step(n, {"gradient.norm": float("inf")}) for n in range(27, 32)),
        ]
    )
    found = assess(history, HealthSection(), 150, reason=Reason.GRADIENT_EXPLOSION)
    Trials(database).update(study, 1, status=found.level, assessment=found.to_json())
    Attempts(database).begin(
        AttemptRecord(
            study=study, number=1, attempt=1, controller="a", host="box", began_at=AT,
            ended_at=AT, first_step=0, last_step=31, exit_code=4, cause="gradient_explosion",
        )
    )  # fmt: skip
    return study


def test_the_panel(cli: Callable[..., Any], judged: str) -> None:
    said = cli("show", "1")
    assert (said.code, said.err) == (0, "")
    text = " ".join(said.out.split())
    assert text.startswith(f"Study {judged} Trial 1 (probe)")
    assert "pruned at step 31: the gradient exploded (gradient_explosion)" in text
    assert "CRITICAL the gradient exploded (gradient.norm inf, threshold 100" in text
    assert "lower learning_rate (now 0.3)" in text
    assert "0–31 4 gradient_explosion" in text


def test_json_has_the_documented_fields(cli: Callable[..., Any], judged: str) -> None:
    said = cli("show", "1", "--json", "--name", judged)
    assert said.code == 0
    shown = json.loads(said.out)
    assert list(shown) == KEYS
    assert (shown["number"], shown["role"], shown["state"]) == (1, "probe", "pruned")
    assert (shown["status"], shown["evidence"]) == ("CRITICAL", {"norm": None})
    flag = shown["flags"][-1]
    assert (flag["code"], flag["severity"], flag["step"]) == ("gradient_explosion", "CRITICAL", 31)
    assert flag["values"]["gradient.norm"] is None  # not finite
    assert list(shown["checklist"][0]) == ["code", "passed", "value", "threshold"]
    assert shown["recommendations"][0]["because"] in {"non_finite", "gradient_explosion"}
    (attempt,) = shown["attempts"]
    assert list(attempt) == ATTEMPT_KEYS
    assert (attempt["began_at"], attempt["exit_code"]) == ("2026-01-02T12:00:00+00:00", 4)


@pytest.mark.usefixtures("running_study")
def test_a_trial_that_was_not_judged_yet(cli: Callable[..., Any]) -> None:
    shown = json.loads(cli("show", "0", "--json").out)
    assert (shown["state"], shown["status"], shown["flags"]) == ("running", None, None)
    assert shown["attempts"] == []
    assert "not judged yet" in cli("show", "0").out


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("arguments", [("show", "9"), ("show", "9", "--json"), ("logs", "9")])
def test_a_trial_that_is_not_there(arguments: list[str], cli: Callable[..., Any]) -> None:
    said = cli(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: study 'demo' has no trial 9; it has 0 to 3\n"


def test_a_study_without_trials(
    cli: Callable[..., Any], database: Database, running_study: str
) -> None:
    Trials(database).insert(TrialRecord(study=running_study, number=1))
    assert "it has 0 to 1" in cli("show", "9").err
    assert cli("show", "-1").code == 2


def test_best_says_why_and_points_here(
    cli: Callable[..., Any], database: Database, study: str
) -> None:
    started = Started(0, 500, False, 1, {}, {}, 1, 400, 20, 1.0)
    history = history_of([started, Started(90, 500, True, 1, {}, {}, 1, 400, 20, 1.0)])
    found = assess(history, HealthSection(), 150)
    Trials(database).update(study, 2, status=found.level, assessment=found.to_json())
    text = " ".join(cli("best").out.split())
    assert "Status: NEEDS ATTENTION: it was interrupted, and went on (times 1) at step 90" in text
    assert "('smart-tuner show 2' says more)" in text
    assert json.loads(cli("best", "--json").out)["status"] == "NEEDS ATTENTION"
