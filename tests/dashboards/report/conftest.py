"""Studies to report on."""

from typing import Any

import pytest

from storage.assessment import Assessment, Check, Flag, Recommendation
from storage.levels import Level
from storage.records import TrialRole, TrialState

EVIL = "<script>alert(1)</script>\"'`|"
JUDGED = Assessment(
    flags=(Flag("gradient_norm_high", Level.NEEDS_ATTENTION, 412, {"gradient.norm": 12.4}),),
    checklist=(Check("good_quality", True, 0.91, 0.8), Check("low_loss", None, None, 1.0)),
    recommendations=(
        Recommendation("smaller_steps", "learning_rate", "lower", "gradient_norm_high", now=0.3),
    ),
)


@pytest.fixture
def evil() -> str:
    """A text that would run in a page which took it for its own."""
    return EVIL


@pytest.fixture
def reported(lab: Any) -> str:
    """A study of a good trial with picture and sound, one that failed, and two pruned ones."""
    lab.study()
    lab.trial(
        0,
        value=0.91,
        params={"learning_rate": 0.006, "optimizer": "adam"},
        metrics={"quality": 0.91, "mcd": float("nan"), "system.memory_mb": 400.0},
        status="STABLE",
        assessment=JUDGED.to_json(),
        sample_wav=lab.wav(),
        alignment_png=lab.png(),
    )
    lab.trial(
        1,
        role=TrialRole.PROBE,
        state=TrialState.PRUNED,
        reason="gradient_explosion",
        evidence={"gradient.norm": 512.0, "threshold": 20.0},
        step=30,
        assessment=JUDGED.to_json(),
    )
    lab.trial(2, state=TrialState.PRUNED, reason="statistical", step=200, value=0.4)
    lab.trial(
        3,
        state=TrialState.FAILED,
        reason="crashed",
        evidence={"message": "killed by SIGKILL", "exit_code": -9},
        step=7,
    )
    lab.attempt(0, 2, seconds=30.0, first_step=400, last_step=500, cause="crashed")
    for number in (0, 2):
        lab.evaluation(number, 50, diagonal=0.5, norm=2.0)
    return "demo"


@pytest.fixture
def hostile(lab: Any) -> str:
    """A study in which every text that others wrote wants to be a script."""
    space = {EVIL: {"type": "categorical", "choices": [EVIL, "="]}}
    lab.study(EVIL, identity={"objective": ["quality"], "direction": "maximize", "space": space})
    for number in range(8):
        params = {EVIL: EVIL if number % 2 else "="}
        lab.trial(number, study=EVIL, value=number / 10, params=params, sample_wav=EVIL)
    lab.trial(
        8,
        study=EVIL,
        state=TrialState.FAILED,
        reason="bad_input",
        evidence={"message": EVIL, EVIL: EVIL, "cause": EVIL},
        params={"formula": "=HYPERLINK(1)", "rate": float("nan")},
        step=None,
    )
    lab.attempt(8, 2, study=EVIL, cause="crashed", host=EVIL)
    return EVIL
