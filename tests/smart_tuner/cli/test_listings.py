import json
from collections.abc import Callable
from typing import Any

import pytest

from storage.database import Database
from storage.records import StudyRecord, TrialRecord, TrialState
from storage.studies import Studies
from storage.trials import Trials

TRIAL_KEYS = ["number", "role", "state", "reason", "value", "step", "params"]
BEST_KEYS = [
    "number", "value", "params", "metrics", "checkpoint", "alignment_png", "sample_wav", "status",
]  # fmt: skip


@pytest.fixture
def pareto(database: Database) -> str:
    """A study of two objectives: quality upwards, mcd downwards."""
    Studies(database).create(
        StudyRecord(name="pareto", identity={"direction": ["maximize", "minimize"]})
    )
    for number, values in enumerate([(0.5, 4.0), (0.9, 6.0), (0.4, 5.0), (0.7, 5.0)]):
        Trials(database).insert(
            TrialRecord(
                study="pareto",
                number=number,
                state=TrialState.COMPLETE,
                value=values[0],
                values=values,
            )
        )
    return "pareto"


class TestTrials:
    def test_json(self, cli: Callable[..., Any], study: str) -> None:
        said = cli("trials", "--json", "--name", study)
        assert said.code == 0
        trials = json.loads(said.out)
        assert [list(trial) for trial in trials] == [TRIAL_KEYS] * 4
        assert trials[1] == {
            "number": 1,
            "role": "probe",
            "state": "pruned",
            "reason": "gradient_explosion",
            "value": None,
            "step": 31,
            "params": {"learning_rate": 0.3},
        }
        assert trials[2]["value"] == 0.91

    def test_table(self, cli: Callable[..., Any], study: str) -> None:
        lines = cli("trials").out.splitlines()
        assert lines[0] == f"Study {study}"
        assert any("probe" in line and "gradient_explosion" in line for line in lines)

    def test_of_many_the_newest(self, cli: Callable[..., Any], database: Database) -> None:
        Studies(database).create(StudyRecord(name="many"))
        with database.transaction():
            for number in range(203):
                Trials(database).insert(TrialRecord(study="many", number=number))

        def numbers(*options: str) -> list[int]:
            lines = [line.split() for line in cli("trials", *options).out.splitlines()]
            return [int(cells[0]) for cells in lines if cells[1:2] == ["trial"]]

        assert numbers() == list(range(3, 203))
        assert numbers("--last", "2") == [201, 202]
        assert numbers("--all") == list(range(203))
        lines = cli("trials").out.splitlines()
        assert lines[1] == "3 earlier trials are not shown: --all, --last N or --json shows them"
        assert "not shown" not in cli("trials", "--all").out
        assert len(json.loads(cli("trials", "--json").out)) == 203
        last = json.loads(cli("trials", "--json", "--last", "2").out)
        assert [trial["number"] for trial in last] == [201, 202]

    def test_all_or_the_last(self, cli: Callable[..., Any]) -> None:
        said = cli("trials", "--all", "--last", "3")
        assert said.code == 2
        assert "say --all or --last, not both" in said.err

    def test_none_yet(self, cli: Callable[..., Any], database: Database) -> None:
        Studies(database).create(StudyRecord(name="new"))
        assert json.loads(cli("trials", "--json").out) == []
        assert "No trials yet" in cli("trials").out


@pytest.mark.usefixtures("study", "running_study")
class TestStudies:
    def test_json(self, cli: Callable[..., Any]) -> None:
        said = cli("studies", "--json")
        assert said.code == 0
        states = {study["study"]: study["state"] for study in json.loads(said.out)}
        assert states == {"demo": "finished", "live": "running"}

    def test_table(self, cli: Callable[..., Any]) -> None:
        out = cli("studies").out
        assert "demo" in out
        assert "live" in out


class TestBest:
    def test_json(self, cli: Callable[..., Any], study: str) -> None:
        said = cli("best", "--json", "--name", study)
        assert said.code == 0
        best = json.loads(said.out)
        assert list(best) == BEST_KEYS
        assert (best["number"], best["value"], best["status"]) == (2, 0.91, "STABLE")
        assert best["params"] == {"learning_rate": 0.004}
        assert best["metrics"] == {"quality": 0.91, "mcd": None}
        assert best["checkpoint"].endswith("runs/demo/2/checkpoints/best.pt")

    @pytest.mark.usefixtures("study")
    def test_panel(self, cli: Callable[..., Any]) -> None:
        out = cli("best").out
        assert "Best trial: 2" in out
        assert "sample_0000500.wav" in out
        assert "Status: STABLE" in out

    @pytest.mark.usefixtures("running_study")
    def test_nothing_yet(self, cli: Callable[..., Any]) -> None:
        said = cli("best", "--json")
        assert (said.code, said.out) == (3, "")
        assert said.err == "study 'live': no trial is complete (1 running)\n"

    def test_the_direction_counts(self, cli: Callable[..., Any], database: Database) -> None:
        Studies(database).create(StudyRecord(name="loss", identity={"direction": "minimize"}))
        for number, value in enumerate((0.5, 0.3, 0.4)):
            Trials(database).insert(
                TrialRecord(study="loss", number=number, state=TrialState.COMPLETE, value=value)
            )
        assert json.loads(cli("best", "--json").out)["number"] == 1

    def test_several_objectives(self, cli: Callable[..., Any], pareto: str) -> None:
        best = json.loads(cli("best", "--json", "--name", pareto).out)
        assert list(best) == [*BEST_KEYS, "pareto"]
        assert (best["number"], best["value"], best["pareto"]) == (1, 0.9, [0, 1, 3])
        out = cli("best").out
        assert "Best trial: 1" in out
        assert "No other trial beats these" in out
