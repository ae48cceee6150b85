"""What ``SmartTunerMain`` says before the hours pass, and when it is told to be quiet."""

from pathlib import Path
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit

Workshop = Any
ONE: dict[str, Any] = {"study": {"trials": 1}}
FULL: dict[str, Any] = {
    **ONE,
    "trainer": {"preset": "tacotron2"},
    "space": {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}},
}


@pytest.mark.parametrize("gpu", [True, False])
def test_the_full_model_without_a_gpu_is_warned_of(
    gpu: bool, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smart_tuner.forecast.has_gpu", lambda: gpu)
    assert ("try --preset demo" in workshop.run(**FULL).out) is not gpu


@pytest.mark.parametrize(("grace", "warned"), [(4, False), (5, True), (6000, True)])
def test_trials_too_short_to_be_judged_are_warned_of(
    grace: int, warned: bool, workshop: Workshop
) -> None:
    out = workshop.run(**ONE, health={"grace_steps": grace}).out
    line = f"trials of 6 steps are short for a grace period of {grace} steps"
    assert (line in out) is warned


def test_the_cost_is_told_before_the_first_trial(workshop: Workshop) -> None:
    out = workshop.run(study={"trials": 1, "timeout": "10m"}).out
    told = out.index("about 0 s a trial; 1 to go, 1 at once: at most about 0 s")
    assert told < out.index("trial 0 starts")


def test_without_a_console_it_is_quiet(workshop: Workshop) -> None:
    ran = workshop.run(**ONE, sinks={"console": False})
    assert (ran.code, ran.out) == (TunerExit.FINISHED, "")


def test_where_nothing_can_be_measured_the_study_runs_all_the_same(
    workshop: Workshop, tmp_path: Path
) -> None:
    script = tmp_path / "no_estimate.py"
    stub = workshop.trainer[-1]
    script.write_text(
        "import runpy, sys\n"
        "if 'estimate' in sys.argv: sys.exit(1)\n"
        f"runpy.run_path({stub!r}, run_name='__main__')\n"
    )
    workshop.trainer = (*workshop.trainer[:-1], str(script))
    ran = workshop.run(**ONE)
    assert ran.code is TunerExit.FINISHED
    (log,) = (tmp_path / "runs" / "speech").glob("estimate-*/trainer.log")
    assert f"the cost could not be measured: see {log.relative_to(tmp_path)}" in ran.out
