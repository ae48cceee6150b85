import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dashboards
from dashboards.terminal import best_panel, live_view, studies_table, trials_table
from storage.records import (
    BudgetUse,
    StudyState,
    StudyStatus,
    TrialCounts,
    TrialRecord,
    TrialRole,
    TrialState,
)

Render = Callable[..., str]
_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def _trial(number: int, state: TrialState = TrialState.RUNNING, **fields: object) -> TrialRecord:
    trial = TrialRecord(study="demo", number=number, state=state)
    return replace(trial, **fields)  # type: ignore[arg-type]


def _line(text: str, sign: str) -> str:
    found = [line for line in text.splitlines() if sign in line]
    assert len(found) == 1, text
    return found[0]


class TestLiveView:
    def test_shows_the_study_and_every_running_trial(
        self, render: Render, status: StudyStatus
    ) -> None:
        text = render(live_view(status, [_trial(5), _trial(6, role=TrialRole.PROBE)]))

        assert "demo · running · STABLE · 2 running, 2 complete, 1 pruned, 1 failed" in text
        assert "trials 3/12" in text
        assert "time left 1 h 03 min" in text
        assert "Best so far: 0.812 (trial 3)" in text
        cells = _line(text, "12345/20000").split()
        assert cells[:3] == ["5", "trial", "12345/20000"]
        assert cells[-5:] == ["3.210", "12.50", "0.91", "0.46", "7.2"]

    def test_a_trial_that_has_not_reported(self, render: Render, status: StudyStatus) -> None:
        text = render(live_view(status, [_trial(5), _trial(6, role=TrialRole.PROBE)]))

        assert _line(text, "probe").split() == ["6", "probe", "0", "–", "–", "–", "–", "–"]

    def test_an_exploding_trial_still_fits(self, render: Render, status: StudyStatus) -> None:
        wild = replace(status.running[0], loss=1e30, gradient_norm=1e300, quality=math.nan)

        text = render(live_view(replace(status, running=(wild,)), [_trial(5)]))

        assert _line(text, "12345/20000").split()[-5:] == [
            "1.0e+30",
            "1.0e+300",
            "0.91",
            "–",
            "7.2",
        ]

    def test_the_newest_five_to_end_newest_first(self, render: Render, status: StudyStatus) -> None:
        ended = [
            _trial(n, TrialState.FAILED, reason="crashed", ended_at=_NOON + timedelta(minutes=n))
            for n in range(6)
        ]
        probe = _trial(
            9,
            TrialState.PRUNED,
            role=TrialRole.PROBE,
            reason="gradient_explosion",
            step=38,
            ended_at=_NOON + timedelta(hours=1),
        )

        text = render(live_view(status, [*ended, probe, _trial(10)]))

        lines = [line.rstrip() for line in text.splitlines() if line.startswith("Trial ")]
        assert lines[0] == "Trial 9 (probe) pruned: gradient_explosion at step 38"
        assert lines[1] == "Trial 5 failed: crashed"
        assert len(lines) == 5

    def test_a_study_that_begins(self, render: Render, status: StudyStatus) -> None:
        fresh = replace(
            status,
            counts=TrialCounts(),
            best=None,
            running=(),
            eta_seconds=None,
            trials_target=None,
            trials_ended=0,
        )

        text = render(live_view(fresh, []))

        assert "no trials yet" in text
        assert "Best so far: none yet" in text
        assert "time left –" in text

    def test_controllers_and_budget_where_there_are(
        self, render: Render, status: StudyStatus
    ) -> None:
        alone = render(live_view(status, []))
        assert "controllers" not in alone
        assert "budget" not in alone
        budget = BudgetUse(hours=20.0, spent_hours=3.25)

        text = render(live_view(replace(status, controllers=2, budget=budget), []))

        assert "running by 2 controllers" in text
        assert "budget 3 h 15 min of 20 h 00 min" in text

    def test_a_lost_controller_says_what_to_do(self, render: Render, status: StudyStatus) -> None:
        lost = replace(status, state=StudyState.CONTROLLER_LOST, heartbeat_age_seconds=45.0)

        text = " ".join(render(live_view(lost, [])).split())

        assert "controller lost (last heard of 45 s ago: start the study again to continue)" in text


class TestTrialsTable:
    def test_shows_each_trial(self, render: Render) -> None:
        params = {"learning_rate": 0.0123456, "symbols": "ru"}
        trials = [
            _trial(0, TrialState.COMPLETE, value=0.8123, step=500, params=params),
            _trial(1, TrialState.PRUNED, role=TrialRole.PROBE, reason="gradient_explosion"),
            _trial(2, TrialState.COMPLETE, values=(0.8, 7.0)),
        ]

        text = render(trials_table(trials), width=100)

        first = _line(text, "0.812").split(maxsplit=6)
        assert first[:6] == ["0", "trial", "complete", "–", "0.812", "500"]
        assert first[6].strip() == "learning_rate=0.0123 symbols=ru"
        assert _line(text, "probe").split() == [
            "1",
            "probe",
            "pruned",
            "gradient_explosion",
            "–",
            "–",
        ]
        assert "0.800 7.000" in text

    def test_restarts_are_shown_where_there_were_any(self, render: Render) -> None:
        calm = _trial(0, step=500, metrics={"restarts": 0.0})
        rescued = _trial(1, step=501, metrics={"restarts": 2.0})
        assert "restarts" not in render(trials_table([calm]))

        text = render(trials_table([calm, rescued, _trial(2, step=502)]))

        assert "restarts" in text
        assert [_line(text, str(step)).split()[-1] for step in (500, 501, 502)] == ["0", "2", "–"]

    def test_many_hyperparameters_are_folded_not_cut(self, render: Render) -> None:
        params = {f"hyperparameter_{n}": n for n in range(12)}

        text = render(trials_table([_trial(0, reason="gradient_explosion", params=params)]))

        assert all(f"hyperparameter_{n}={n}" in text for n in range(12))
        assert "gradient_explosion" in text

    def test_no_trials(self, render: Render) -> None:
        assert render(trials_table([])) == "No trials yet.\n"


class TestStudiesTable:
    def test_shows_each_study(self, render: Render, status: StudyStatus) -> None:
        lost = replace(status, study="голос", state=StudyState.CONTROLLER_LOST, best=None)

        text = render(studies_table([status, lost]))

        cells = ["demo", "running", "3/12", "2", "1", "1", "0.812"]
        assert _line(text, "demo").split()[:7] == cells
        assert _line(text, "голос").split()[-2] == "–"
        assert "controller" in text

    def test_names_are_no_markup(self, render: Render, status: StudyStatus) -> None:
        text = render(studies_table([replace(status, study="[red]x[/]")]))

        assert "[red]x[/]" in text

    def test_no_studies(self, render: Render) -> None:
        assert "smart-tuner start study" in render(studies_table([]))


class TestBestPanel:
    def test_shows_what_and_where(self, render: Render) -> None:
        trial = _trial(
            3,
            TrialState.COMPLETE,
            value=0.8123,
            params={"learning_rate": 0.006},
            metrics={"quality": 0.8123, "mcd": math.nan, "train.loss": 1.0},
            checkpoint="runs/demo/3/checkpoints/best.pt",
            sample_wav="runs/demo/3/samples/sample_0000500.wav",
        )

        text = render(best_panel(trial))

        assert "Best trial: 3, value 0.812" in text
        assert _line(text, "learning_rate").split() == ["learning_rate", "0.006"]
        assert _line(text, "mcd").split() == ["mcd", "–"]
        assert "train.loss" not in text
        assert _line(text, "best.pt").split() == ["checkpoint", "runs/demo/3/checkpoints/best.pt"]
        assert _line(text, ".wav").split()[0] == "speech"
        assert "alignment" not in text

    def test_what_it_owes_to_rescues(self, render: Render) -> None:
        metrics = {"quality": 0.8, "restarts": 2, "learning_rate_effective": 0.0015}

        text = render(best_panel(_trial(3, TrialState.COMPLETE, metrics=metrics)))

        assert _line(text, "restarts").split() == ["restarts", "2"]
        assert _line(text, "effective").split() == ["learning_rate_effective", "0.0015"]
        assert "Rescue" not in render(best_panel(_trial(3, metrics={"quality": 0.8})))

    def test_a_probe_is_named_one(self, render: Render) -> None:
        assert "Best trial: 3 (probe)" in render(best_panel(_trial(3, role=TrialRole.PROBE)))


def test_views_need_neither_a_database_nor_torch() -> None:
    code = (
        "import sys, dashboards.terminal;"
        "sys.exit(str([m for m in ('torch', 'sqlalchemy', 'optuna') if m in sys.modules] or ''))"
    )
    root = str(Path(dashboards.__file__).parents[1])

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )

    assert done.stderr.strip() == ""
