"""What is printed when a study ends."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from smart_tuner.config import load_config
from smart_tuner.control.stopping import StopSwitch
from smart_tuner.exit_codes import TunerExit
from smart_tuner.results import print_results
from storage.database import open_database
from storage.records import StudyRecord, StudyState, TrialRecord, TrialRole, TrialState
from storage.studies import Studies
from storage.trials import Trials

Finish = Callable[[int], str]


@pytest.fixture
def finish(tmp_path: Path) -> Finish:
    """Ends a study of so many trials; what it prints."""

    def end(n_trials: int) -> str:
        config = load_config(None, {"study": {"name": "speech"}}, environ={})
        output = StringIO()
        with open_database(f"sqlite:///{tmp_path}/study.db") as database:
            study = StudyRecord(name="speech", state=StudyState.FINISHED, identity={})
            Studies(database).create(study)
            with database.transaction():
                for number in range(n_trials):
                    Trials(database).insert(trial(number))
            console = Console(file=output, width=120)
            code = print_results(console, database, config, StudyState.FINISHED, StopSwitch())
        assert code is TunerExit.FINISHED
        return output.getvalue()

    return end


def trial(number: int) -> TrialRecord:
    return TrialRecord(
        study="speech", number=number, role=TrialRole.TRIAL, state=TrialState.COMPLETE,
        value=number / 1000, params={"learning_rate": 0.006},
    )  # fmt: skip


def test_the_best_and_the_newest_are_shown(finish: Finish) -> None:
    said = finish(203)
    rows = [line.split()[0] for line in said.splitlines() if "learning_rate" in line]
    assert rows[:2] == ["3", "4"]
    assert "trials before them: 3; 'smart-tuner trials --all' shows all" in said
    assert "Study 'speech' is finished." in said


def test_of_few_trials_all_are_shown(finish: Finish) -> None:
    assert "before them" not in finish(3)
