import json
from collections.abc import Callable
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from storage.database import Database
from storage.optuna_trials import optuna_trials
from storage.progress import Progress
from storage.records import ProgressRecord, StudyRecord, StudyState, TrialRecord, TrialState
from storage.studies import Studies
from storage.trials import Trials

KEYS = ["trial", "code", "severity", "what", "remedy", "outcome", "done"]


@pytest.fixture
def whole(cli: Callable[..., Any], study: str) -> str:
    """The study, with Optuna's side of it."""
    said = cli("doctor")
    assert said.code == 0
    assert "4 mended." in said.out
    return study


def test_a_study_that_optuna_has_lost(
    cli: Callable[..., Any], study: str, database: Database
) -> None:
    said = cli("doctor", study)
    assert said.code == 0
    lines = [line.split("  ") for line in said.out.splitlines() if line.startswith(study)]
    assert len(lines) == 4
    assert "complete (0.91) here, unknown to Optuna" in said.out
    assert "gave it back to Optuna" in said.out
    known = optuna_trials(database, study) or {}
    assert [(one.state, one.values) for one in known.values()] == [
        (OptunaState.COMPLETE, (0.75,)), (OptunaState.FAIL, ()),
        (OptunaState.COMPLETE, (0.91,)), (OptunaState.FAIL, ()),
    ]  # fmt: skip


@pytest.mark.usefixtures("whole")
def test_nothing_to_mend(cli: Callable[..., Any]) -> None:
    for arguments in ([], ["--check"], ["demo"], ["demo", "--check"]):
        said = cli("doctor", *arguments)
        assert (said.code, said.out, said.err) == (0, "Nothing to mend: 4 trials agree.\n", "")


@pytest.mark.usefixtures("whole")
def test_to_check_changes_nothing(cli: Callable[..., Any], database: Database) -> None:
    Progress(database).upsert(ProgressRecord(study="demo", number=3))
    for _ in range(2):
        said = cli("doctor", "--check")
        assert said.code == 3
        assert "failed, and still among the running trials' progress" in said.out
        assert "to do: clear it" in said.out
        assert said.out.endswith("1 to mend.\n")
    said = cli("doctor")
    assert said.code == 0
    assert said.out.endswith("1 mended.\n")
    assert cli("doctor", "--check").code == 0


@pytest.mark.usefixtures("whole")
def test_json(cli: Callable[..., Any], database: Database) -> None:
    Studies(database).set_state("demo", StudyState.RUNNING)
    said = cli("doctor", "--check", "--json")
    assert said.code == 3
    told = json.loads(said.out)
    assert told["whole"] is False
    (study,) = told["studies"]
    assert (study["study"], study["trials"], study["whole"]) == ("demo", 4, False)
    (found,) = study["findings"]
    assert list(found) == KEYS
    assert found == {
        "trial": None,
        "code": "stale_study_state",
        "severity": "fault",
        "what": "running, but nobody runs it",
        "remedy": "settle",
        "outcome": "to_mend",
        "done": "say that it doesn't",
    }
    mended = json.loads(cli("doctor", "--json").out)
    assert mended["whole"] is True
    assert mended["studies"][0]["findings"][0]["outcome"] == "mended"
    assert json.loads(cli("doctor", "--json").out)["studies"][0]["findings"] == []


@pytest.mark.usefixtures("whole")
def test_one_study_or_all(cli: Callable[..., Any], database: Database) -> None:
    Studies(database).create(StudyRecord(name="other", state=StudyState.STOPPED))
    lost = TrialRecord(study="other", number=0, state=TrialState.RUNNING)
    Trials(database).insert(lost)
    assert cli("doctor", "demo").out == "Nothing to mend: 4 trials agree.\n"
    said = cli("doctor", "--check")
    assert said.code == 3
    assert "other" in said.out
    assert cli("doctor").code == 0
    assert cli("doctor").out == "Nothing to mend: 5 trials agree.\n"


def test_beside_a_controller(
    cli: Callable[..., Any], running_study: str, database: Database
) -> None:
    """What it is at work on is looked at twice, and left to it."""
    said = cli("doctor", running_study)
    assert said.code == 3
    assert "left to the controller that runs the study" in " ".join(said.out.split())
    assert said.out.endswith("2 left.\n")
    assert optuna_trials(database, running_study) is None


@pytest.mark.usefixtures("study")
def test_a_wrong_name_is_told_what_there_is(cli: Callable[..., Any]) -> None:
    said = cli("doctor", "demmo")
    assert said.code == 2
    assert "no study called 'demmo'; there are: 'demo'" in said.err


def test_another_database(cli: Callable[..., Any]) -> None:
    said = cli("doctor", "--storage", "sqlite:///other.db")
    assert said.code == 2
    assert "no study has been started here yet" in said.err
