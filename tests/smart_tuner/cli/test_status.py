import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from storage.database import Database
from storage.records import StudyRecord, StudyState
from storage.studies import Studies

KEYS = [
    "study", "state", "counts", "best", "running", "eta_seconds", "level", "reasons",
    "controllers", "budget",
]  # fmt: skip


def test_json_has_the_documented_fields(cli: Callable[..., Any], study: str) -> None:
    said = cli("status", "--json")
    assert said.code == 0
    status = json.loads(said.out)
    assert list(status) == KEYS
    assert (status["study"], status["state"]) == (study, "finished")
    counts = {"running": 0, "complete": 2, "pruned": 1, "failed": 1}
    assert status["counts"] == {**counts, "queued": 0, "paused": 0, "lost": 0}
    assert status["best"] == {"number": 2, "value": 0.91}
    assert (status["running"], status["eta_seconds"]) == ([], None)


def test_json_of_a_running_study(cli: Callable[..., Any], running_study: str) -> None:
    status = json.loads(cli("status", "--json", "--name", running_study).out)
    assert (status["state"], status["best"], status["eta_seconds"]) == ("running", None, 90.0)
    assert status["running"] == [
        {"number": 0, "step": 40, "loss": 1.5, "gradient_norm": 2.5, "diagonal_score": None}
    ]


def test_view(cli: Callable[..., Any], running_study: str) -> None:
    said = cli("status")
    assert said.code == 0
    assert f"{running_study} · running" in said.out
    assert "40/500" in said.out


def test_a_controller_that_fell_silent_is_lost(
    cli: Callable[..., Any], running_study: str, fall_silent: Callable[[str], None]
) -> None:
    fall_silent(running_study)
    assert json.loads(cli("status", "--json").out)["state"] == "controller_lost"


@pytest.mark.usefixtures("study", "running_study")
class TestWhichStudy:
    def test_the_one_updated_last(self, cli: Callable[..., Any], database: Database) -> None:
        assert json.loads(cli("status", "--json").out)["study"] == "live"
        Studies(database).set_state("demo", StudyState.STOPPED)
        assert json.loads(cli("status", "--json").out)["study"] == "demo"

    def test_the_one_named(self, cli: Callable[..., Any]) -> None:
        assert json.loads(cli("status", "--json", "--name", "demo").out)["study"] == "demo"

    def test_a_wrong_name_is_told_what_there_is(self, cli: Callable[..., Any]) -> None:
        said = cli("status", "--name", "demmo")
        assert said.code == 2
        assert "no study called 'demmo'; there are: 'demo', 'live'" in said.err

    def test_none_is_left(self, cli: Callable[..., Any]) -> None:
        assert cli("delete", "demo", "--yes").code == 0
        assert cli("status", "--name", "demo").err.endswith("there are: 'live'\n")


@pytest.mark.usefixtures("study")
def test_the_database_by_option_and_by_environment(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMART_TUNER_STORAGE__URL", "sqlite:///other.db")
    assert "sqlite:///other.db: no study has been started" in cli("status").err
    assert cli("status", "--storage", "sqlite:///smart_tuner.db").code == 0


def test_one_that_runs_comes_before_one_that_ended_since(
    cli: Callable[..., Any], database: Database, study: str, enter: Callable[[str], Any]
) -> None:
    Studies(database).create(StudyRecord(name="other", state=StudyState.RUNNING))
    Studies(database).set_state(study, StudyState.STOPPED)
    enter("other")
    assert json.loads(cli("status", "--json").out)["study"] == "other"


class TestWatch:
    def test_ends_with_the_study(
        self, cli: Callable[..., Any], database: Database, running_study: str
    ) -> None:
        def finish() -> None:
            time.sleep(1.5)
            Studies(database).set_state(running_study, StudyState.FINISHED)

        thread = threading.Thread(target=finish)
        thread.start()
        said = cli("status", "--watch", "--json")
        thread.join()
        states = [json.loads(line)["state"] for line in said.out.splitlines()]
        assert states[0] == "running"
        assert states[-1] == "finished"
        assert said.code == 0

    def test_goes_on_while_the_study_pauses(
        self, cli: Callable[..., Any], database: Database, running_study: str
    ) -> None:
        def pause_and_stop() -> None:
            for state in (StudyState.PAUSING, StudyState.PAUSED, StudyState.STOPPING):
                Studies(database).set_state(running_study, state)
                time.sleep(1.3)
            Studies(database).set_state(running_study, StudyState.STOPPED)

        thread = threading.Thread(target=pause_and_stop)
        thread.start()
        said = cli("status", "--watch", "--json")
        thread.join()
        states = [json.loads(line)["state"] for line in said.out.splitlines()]
        assert {"paused", "stopping"} < set(states)
        assert states[-1] == "stopped"

    @pytest.mark.parametrize("terminal", ["0", "1"])
    def test_of_a_finished_study_shows_it(
        self, terminal: str, cli: Callable[..., Any], study: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TTY_COMPATIBLE", terminal)
        monkeypatch.setenv("NO_COLOR", "1")
        said = cli("status", "--watch")
        assert said.code == 0
        assert study in said.out
        assert "finished" in said.out
        assert ("\x1b[?25l" in said.out) == (terminal == "1")  # drawn in place: no cursor

    @pytest.mark.usefixtures("running_study")
    @pytest.mark.parametrize("terminal", ["0", "1"])
    def test_ctrl_c_ends_the_watching_alone(
        self,
        terminal: str,
        cli: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
        database: Database,
    ) -> None:
        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("smart_tuner.cli.status.time.sleep", interrupt)
        monkeypatch.setenv("TTY_COMPATIBLE", terminal)
        monkeypatch.setenv("NO_COLOR", "1")
        said = cli("status", "--watch")
        assert said.code == 0
        assert "1 running" in said.out
        live = Studies(database).get("live")
        assert live is not None
        assert live.state is StudyState.RUNNING
