"""Sinks, controllers and MLflow itself that go away: nothing is lost, nothing is there twice."""

import signal
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from smart_tuner.exit_codes import TunerExit
from smart_tuner.sinks.settings import unsent_marker
from storage.records import TrialState

Workshop = Any
WaitUntil = Callable[..., None]
SinkOf = Callable[[int], psutil.Process | None]
MlflowOf = Callable[[Workshop], Any]
Check = Callable[[Workshop], None]
ON: dict[str, Any] = {"sinks": {"mlflow": True}}
LONG: dict[str, Any] = {**ON, "trainer": {"steps": 500, "evaluate_every": 20}}
ONE: dict[str, Any] = {**LONG, "study": {"trials": 1}}


@pytest.fixture
def has_runs(mlflow_of: MlflowOf) -> Callable[[Workshop, int], Callable[[], bool]]:
    """Whether MLflow knows so many runs with metrics yet."""

    def make(workshop: Workshop, n: int) -> Callable[[], bool]:
        def has() -> bool:
            file = mlflow_of(workshop)
            if not file.path.exists() or not file.rows(
                "SELECT 1 FROM sqlite_master WHERE name = 'metrics'"
            ):
                return False
            ((known,),) = file.rows("SELECT COUNT(DISTINCT run_uuid) FROM metrics")
            return bool(known >= n)

        return has

    return make


def test_off_no_process_is_started_and_no_run_appears(workshop: Workshop, sink_of: SinkOf) -> None:
    controller = workshop.start(study={"trials": 1}, trainer={"steps": 100})
    children = set()
    while controller.poll() is None:
        children.add(sink_of(controller.pid))
    assert children == {None}
    assert not (workshop.folder / "mlflow.db").exists()
    assert workshop.kept("mlflow_run") == []


@pytest.mark.slow
def test_a_killed_sink_is_started_again(
    slow_workshop: Workshop,
    sink_of: SinkOf,
    wait_until: WaitUntil,
    has_runs: Any,
    assert_complete: Check,
) -> None:
    controller = slow_workshop.start(**ONE)
    wait_until(has_runs(slow_workshop, 1))
    sink = sink_of(controller.pid)
    assert sink is not None
    sink.kill()
    out, _ = controller.communicate(timeout=120)
    assert "the sink process ended with exit code -9 and is started again in 5 s" in out
    assert controller.returncode == TunerExit.FINISHED, out
    assert_complete(slow_workshop)
    assert slow_workshop.trials()[0].state is TrialState.COMPLETE


@pytest.mark.slow
def test_a_killed_controller_takes_its_sink_along_and_the_next_one_goes_on(
    slow_workshop: Workshop,
    sink_of: SinkOf,
    wait_until: WaitUntil,
    has_runs: Any,
    assert_complete: Check,
    mlflow_of: MlflowOf,
) -> None:
    controller = slow_workshop.start(**ONE)
    wait_until(has_runs(slow_workshop, 1))
    sink = sink_of(controller.pid)
    assert sink is not None
    before = {run.id for run in mlflow_of(slow_workshop).runs()}
    controller.kill()
    sink.wait(30)
    assert unsent_marker(slow_workshop.folder / "runs/speech").exists()
    assert slow_workshop.run(**ONE).code is TunerExit.FINISHED
    assert_complete(slow_workshop)
    assert {run.id for run in mlflow_of(slow_workshop).runs()} == before


@pytest.mark.slow
def test_ctrl_c_and_on_again(
    slow_workshop: Workshop,
    wait_until: WaitUntil,
    has_runs: Any,
    mlflow_of: MlflowOf,
    assert_complete: Check,
) -> None:
    controller = slow_workshop.start(**ONE)
    wait_until(has_runs(slow_workshop, 1))
    controller.send_signal(signal.SIGTERM)
    controller.communicate(timeout=60)
    assert controller.returncode == TunerExit.STOPPED
    states = {run.name: run.status for run in mlflow_of(slow_workshop).runs()}
    assert states == {"speech": "SCHEDULED", "trial 0": "SCHEDULED"}
    assert_complete(slow_workshop)
    assert slow_workshop.run(**ONE).code is TunerExit.FINISHED
    assert_complete(slow_workshop)
    assert {run.status for run in mlflow_of(slow_workshop).runs()} == {"FINISHED"}


@pytest.mark.slow
def test_two_controllers_share_the_runs(
    slow_workshop: Workshop, assert_complete: Check, mlflow_of: MlflowOf
) -> None:
    study = {**LONG, "study": {"trials": 4}, "trainer": {"steps": 60, "evaluate_every": 20}}
    controllers = [slow_workshop.start(**study) for _ in range(2)]
    for controller in controllers:
        out, _ = controller.communicate(timeout=120)
        assert controller.returncode in (TunerExit.FINISHED, TunerExit.STOPPED), out
    assert_complete(slow_workshop)
    assert len(mlflow_of(slow_workshop).runs()) == 1 + 4


def test_a_store_that_is_away_costs_the_study_nothing(
    workshop: Workshop, assert_complete: Check
) -> None:
    away = workshop.folder / "away"
    away.write_text("no folder")
    section = {"mlflow": {"tracking_uri": f"sqlite:///{away}/mlflow.db"}}
    ran = workshop.run(**ON, **section)
    assert ran.code is TunerExit.FINISHED
    assert ran.out.count("MLflow is away, and gets later what it misses") == 1
    assert "not everything was sent" in ran.out
    assert "or: smart-tuner mlflow sync speech" in ran.out
    assert [trial.state for trial in workshop.trials()] == [TrialState.COMPLETE] * 2
    again = workshop.run(**ON)  # the study is done; the store is another one, which is there
    assert "Study 'speech' is done." in again.out
    assert_complete(workshop)
    assert not unsent_marker(workshop.folder / "runs/speech").exists()
