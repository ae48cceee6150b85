"""One trial in full."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboards.terminal import best_panel, live_view, trial_panel
from storage.assessment import Assessment, Check, Flag, Recommendation
from storage.levels import Level
from storage.records import AttemptRecord, StudyStatus, TrialRecord, TrialRole, TrialState
from storage.study_level import StudyReason

Render = Callable[..., str]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
JUDGED = Assessment(
    flags=(
        Flag("gradient_explosion", Level.CRITICAL, 38, {"gradient.norm": 512.0, "threshold": 20.0}),
        Flag("early_stops", Level.NEEDS_ATTENTION, 50, {"gate.early_rate": 0.25}),
    ),
    checklist=(
        Check("calm_gradient", None, None, 10.0),
        Check("diagonal_attention", True, 0.914, 0.7),
        Check("good_quality", False, 0.2, 0.8),
    ),
    recommendations=(
        Recommendation("smaller_steps", "learning_rate", "lower", "gradient_explosion", 0.3),
    ),
)
PRUNED = TrialRecord(
    study="demo",
    number=3,
    role=TrialRole.PROBE,
    state=TrialState.PRUNED,
    reason="gradient_explosion",
    evidence={"gradient.norm": 512.0, "threshold": 20.0},
    step=38,
    params={"learning_rate": 0.3},
    metrics={"quality": 0.2},
    run_dir="runs/demo/3",
    status="CRITICAL",
    assessment=JUDGED.to_json(),
)
ATTEMPT = AttemptRecord(
    study="demo", number=3, attempt=1, controller="a", host="box", began_at=NOON, first_step=0
)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_all_of_a_trial(render: Render) -> None:
    text = flat(render(trial_panel(PRUNED, [])))
    assert text.startswith("Trial 3 (probe)")
    assert "state pruned at step 38: the gradient exploded (gradient_explosion)" in text
    assert "status CRITICAL: the training has gone wrong, or is about to" in text
    flag = "CRITICAL the gradient exploded (gradient.norm 512, threshold 20) at step 38"
    assert flag in text
    assert "NEEDS ATTENTION it stops before sentences end (gate.early_rate 0.25)" in text
    assert "– gradient norm, median of the last 200 steps – < 10" in text
    assert "✓ diagonality of the attention 0.914 > 0.7" in text
    assert "✗ quality 0.2 > 0.8" in text
    assert "• lower learning_rate (now 0.3): smaller steps keep training" in text
    assert "learning_rate 0.3" in text
    assert "run runs/demo/3" in text


def test_the_values_that_decided_are_told_once(render: Render) -> None:
    assert flat(render(trial_panel(PRUNED, []))).count("gradient.norm 512") == 1
    other = replace(PRUNED, reason="crashed", evidence={"exit_code": -9, "message": "SIGKILL"})
    assert "evidence exit_code -9, message SIGKILL" in flat(render(trial_panel(other, [])))


def test_a_trial_that_has_not_begun(render: Render) -> None:
    queued = TrialRecord(study="demo", number=4, state=TrialState.QUEUED)
    text = flat(render(trial_panel(queued, [])))
    assert "state queued status – (not judged yet) value –" in text
    assert "Recommendations" not in text
    assert "Attempts" not in text


def test_a_trial_in_good_health(render: Render) -> None:
    judged = Assessment(checklist=JUDGED.checklist)
    stable = replace(PRUNED, status="STABLE", assessment=judged.to_json())
    text = flat(render(trial_panel(stable, [])))
    assert "status STABLE: no number of this training is alarming" in text
    assert "Red flags" not in text
    assert "Recommendations" not in text


@pytest.mark.parametrize("width", [80, 120])
def test_attempts(width: int, render: Render) -> None:
    ended = replace(ATTEMPT, last_step=100, ended_at=NOON, exit_code=-9, cause="crashed")
    runs = replace(
        ATTEMPT,
        attempt=2,
        host="a-host-of-a-long-name.example.org",
        overrides={"micro_batch_size": 4},
    )
    text = render(trial_panel(PRUNED, [ended, runs]), width=width)
    cells = next(line for line in text.splitlines() if "crashed" in line).split()
    assert cells[:2] == ["1", "box"]
    assert cells[-3:] == ["0–100", "-9", "crashed"]
    assert "0–?" in text
    assert "runs" in text
    assert "micro_batch_size=4" in text


def test_the_best_trial_says_why_it_needs_attention(render: Render) -> None:
    judged = replace(JUDGED, flags=JUDGED.flags[1:])
    best = replace(PRUNED, status="NEEDS ATTENTION", assessment=judged.to_json())
    text = flat(render(best_panel(best)))
    assert (
        "Status: NEEDS ATTENTION: it stops before sentences end (gate.early_rate 0.25) at step 50 "
        "('smart-tuner show 3' says more)"
    ) in text


def test_the_best_trial_in_good_health(render: Render) -> None:
    best = replace(PRUNED, status="STABLE", assessment=Assessment().to_json())
    text = flat(render(best_panel(best)))
    assert text.endswith("Status: STABLE, no number of this training is alarming")
    assert "Status" not in render(best_panel(replace(PRUNED, status=None, assessment=None)))


def test_a_status_without_its_reasons(render: Render) -> None:
    """As older versions stored it."""
    best = replace(PRUNED, status="CRITICAL", assessment=None)
    text = flat(render(best_panel(best)))
    assert "Status: CRITICAL, the training has gone wrong" in text


class TestLiveView:
    def test_says_what_is_wrong_and_where(self, render: Render, status: StudyStatus) -> None:
        reasons = (
            StudyReason("off_diagonal", Level.CRITICAL, 6),
            StudyReason("early_stops", Level.NEEDS_ATTENTION, 5),
        )
        text = render(live_view(replace(status, reasons=reasons), []))
        assert "demo · running · CRITICAL · 2 running" in text
        assert "CRITICAL trial 6: the attention does not move along the text" in text
        assert "NEEDS ATTENTION trial 5: it stops before sentences end" in text
        assert "More: smart-tuner show 6" in text

    def test_is_short_about_it(self, render: Render, status: StudyStatus) -> None:
        reasons = tuple(StudyReason("plateau", Level.NEEDS_ATTENTION, n) for n in range(12))
        text = render(live_view(replace(status, reasons=reasons), []))
        assert text.count("no longer falls") == 5
        assert "... and 7 more" in text

    def test_a_lost_controller_is_said_once(self, render: Render, status: StudyStatus) -> None:
        reasons = (StudyReason("controller_lost", Level.CRITICAL),)
        text = render(live_view(replace(status, reasons=reasons), []))
        assert "· CRITICAL ·" in text
        assert "nobody runs the study" not in text
