import sys
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.costs import Cost, cost_of, measure
from smart_tuner.launch.trainer_process import TrainerProcess
from trainer.events import Estimate
from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths

TEN = Cost(seconds_per_trial=10.0)


@pytest.mark.parametrize(
    ("trials", "jobs", "seconds"),
    [(0, 1, 0), (1, 1, 10), (3, 1, 30), (3, 2, 20), (4, 2, 20), (5, 2, 30), (1, 8, 10)],
)
def test_trials_take_their_time_several_at_once(trials: int, jobs: int, seconds: float) -> None:
    assert TEN.remaining([1.0] * trials, jobs) == seconds


@pytest.mark.parametrize(
    ("loads", "jobs", "seconds"),
    [([0.25], 1, 2.5), ([0.5, 1.0], 1, 15), ([0.5, 1.0], 2, 10), ([0.5, 0.5, 1.0], 2, 15)],
)
def test_what_is_done_of_a_trial_is_done(loads: list[float], jobs: int, seconds: float) -> None:
    assert TEN.remaining(loads, jobs) == seconds


@pytest.mark.parametrize(
    ("seconds", "jobs", "trials"), [(9, 1, 0), (10, 1, 1), (39, 1, 3), (39, 2, 6), (5, 4, 0)]
)
def test_how_many_fit(seconds: float, jobs: int, trials: int) -> None:
    assert TEN.fitting(seconds, jobs) == trials


@pytest.mark.parametrize(
    ("steps", "every", "evaluations"), [(500, 50, 10), (500, 499, 2), (7, 7, 1), (7, 3, 3)]
)
def test_a_trial_costs_its_steps_evaluations_and_start(
    steps: int, every: int, evaluations: int
) -> None:
    config = StudyConfig(trainer={"steps": steps, "evaluate_every": every})
    cost = cost_of(Estimate(2.0, 100.0, 10_000.0), config)
    assert cost.seconds_per_trial == steps * 2 + evaluations * 100 + 10_000


def process(paths: RunPaths, code: str) -> TrainerProcess:
    """A trainer that only does as ``code`` says, with its events' path in ``events``."""
    prelude = (
        "import sys, time; from pathlib import Path; from trainer.events import *; "
        f"writer = EventWriter(Path({str(paths.events)!r})); "
    )
    return TrainerProcess.start(paths, [prelude + code], 1, command=PYTHON)


PYTHON = (sys.executable, "-c")


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    root = str(request.config.rootpath)
    monkeypatch.setenv("PYTHONPATH", root)


def test_the_measurement_is_read(tmp_path: Any) -> None:
    running = process(RunPaths(tmp_path), "writer.write(Estimate(0.5, 2.0, 3.0))")
    estimate = measure(running, go_on=lambda: True)
    assert estimate is not None
    assert (estimate.seconds_per_step, estimate.seconds_per_evaluation) == (0.5, 2.0)


def test_without_a_measurement_there_is_none(tmp_path: Any) -> None:
    assert measure(process(RunPaths(tmp_path), "sys.exit(1)"), go_on=lambda: True) is None


def test_whoever_wants_to_leave_does_not_wait(tmp_path: Any) -> None:
    running = process(RunPaths(tmp_path), "time.sleep(600)")
    assert measure(running, go_on=lambda: False) is None
    assert running.poll()
    assert running.exit_code == -9


def test_bad_input_is_passed_on(tmp_path: Any) -> None:
    code = "writer.write(Ended('bad_input', 'the file x is broken: mend it')); sys.exit(2)"
    with pytest.raises(BadInputError, match=r"^the file x is broken: mend it$"):
        measure(process(RunPaths(tmp_path), code), go_on=lambda: True)
    with pytest.raises(BadInputError, match=r"see .*trainer\.log"):
        measure(process(RunPaths(tmp_path / "other"), "sys.exit(2)"), go_on=lambda: True)
