import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.records import TrialRecord, TrialState
from storage.trials import Trials


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("options", [[], ["--follow"]])
def test_prints_what_was_said(cli: Callable[..., Any], options: list[str]) -> None:
    said = cli("logs", "2", *options)
    assert (said.code, said.out) == (0, "шаг 2\n")


@pytest.mark.usefixtures("study")
def test_wrong_numbers_and_missing_logs(cli: Callable[..., Any], database: Database) -> None:
    assert "study 'demo' has no trial 9; it has 0 to 3" in cli("logs", "9").err
    assert "trial 0 has not been started yet" in cli("logs", "0").err
    Trials(database).update("demo", 0, run_dir=str(Path("elsewhere").resolve()))
    said = cli("logs", "0")
    assert said.code == 2
    assert "elsewhere/trainer.log: trial 0 has no log there" in said.err


def test_follow_until_the_trial_ends(
    cli: Callable[..., Any], database: Database, running_study: str
) -> None:
    log = Path("runs", running_study, "0", "trainer.log")

    def go_on() -> None:
        time.sleep(0.7)
        with log.open("a", encoding="utf-8") as file:
            file.write("шаг 1\n")
        time.sleep(0.7)
        with log.open("a", encoding="utf-8") as file:
            file.write("the end\n")
        Trials(database).update(running_study, 0, state=TrialState.COMPLETE)

    thread = threading.Thread(target=go_on)
    thread.start()
    said = cli("logs", "0", "-f")
    thread.join()
    assert (said.code, said.out) == (0, "шаг 0\nшаг 1\nthe end\n")


def test_follow_waits_for_a_log(
    cli: Callable[..., Any], database: Database, running_study: str
) -> None:
    folder = Path("runs", running_study, "1").resolve()
    Trials(database).insert(TrialRecord(study=running_study, number=1, run_dir=str(folder)))

    def begin() -> None:
        time.sleep(0.7)
        folder.mkdir()
        (folder / "trainer.log").write_text("begun\n", encoding="utf-8")
        Trials(database).update(running_study, 1, state=TrialState.FAILED)

    thread = threading.Thread(target=begin)
    thread.start()
    said = cli("logs", "1", "--follow")
    thread.join()
    assert (said.code, said.out) == (0, "begun\n")


def test_follow_does_not_wait_for_a_dead_controller(
    cli: Callable[..., Any], running_study: str, fall_silent: Callable[[str], None]
) -> None:
    fall_silent(running_study)
    assert cli("logs", "0", "--follow").out == "шаг 0\n"
