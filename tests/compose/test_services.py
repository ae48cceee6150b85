"""Every service's real command and environment, and the health checks that the file declares."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from storage.database import open_database
from storage.records import StudyState, TrialState
from storage.status import read
from storage.trials import Trials
from tests.compose.conftest import SECRETS
from tests.smart_tuner.bot.bot_api_server import TOKEN, BotApiServer
from tests.smart_tuner.conftest import TINY

Start = Callable[..., Any]
STUDY = {
    "study": {"name": "team", "trials": 1},
    "trainer": {"preset": "demo", "steps": 6, "evaluate_every": 3, "hparams": TINY},
    "health": {"never_aligned": False},
    "sinks": {"mlflow": True},
}


def put(here: Any, speech: Path, study: dict[str, Any]) -> None:
    """A corpus and a study.yaml where the tuner sees them."""
    corpora = here.folder / "corpora"
    shutil.copytree(speech, corpora / "speech")
    study = {**study, "corpus": str(corpora / "speech")}
    (corpora / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")


def secrets_are_kept(machine: Any) -> None:
    for name in machine.running:
        assert not any(secret in machine.log(name) for secret in SECRETS.values())


@pytest.mark.slow
def test_a_study_runs_through_all_of_them(machine: Start, speech: Path) -> None:
    here = machine(SMART_TUNER_OPTIONS="--config /corpora/study.yaml")
    put(here, speech, STUDY)
    here.start("mlflow")
    here.start("dashboard")
    here.wait_for("mlflow")
    here.start("tuner")
    here.wait_for("tuner")
    assert here.running["tuner"].wait(timeout=240) == 0, here.log("tuner")
    here.wait_for("dashboard")
    with open_database(here.database_url) as database:
        assert read(database, "team").state is StudyState.FINISHED
        (trial,) = Trials(database).list_of("team")
    assert trial.state is TrialState.COMPLETE
    assert runs_of(here) == 2
    assert here.stop("dashboard") == 0
    assert here.stop("mlflow") == 0
    secrets_are_kept(here)


def runs_of(here: Any) -> int:
    """How many runs MLflow has: of the study and of its trial."""
    port = here.ports["5000"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/search",
        data=json.dumps({"experiment_ids": ["1"]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return len(json.load(answer)["runs"])


@pytest.mark.slow
def test_a_stopped_tuner_is_no_crash(machine: Start, speech: Path) -> None:
    """Docker restarts what fails: a study that was asked to stop has not failed."""
    here = machine(SMART_TUNER_OPTIONS="--config /corpora/study.yaml")
    put(
        here,
        speech,
        {**STUDY, "sinks": {"mlflow": False}, "trainer": {**STUDY["trainer"], "steps": 5000}},
    )
    here.start("tuner")
    here.wait_for("tuner")
    assert here.stop("tuner") == 0, here.log("tuner")
    with open_database(here.database_url) as database:
        assert read(database, "team").state is StudyState.STOPPED


@pytest.mark.slow
def test_the_bot_answers_its_operator(machine: Start) -> None:
    """It may be there before the first study."""
    telegram = BotApiServer().start()
    here = machine(
        SMART_TUNER_TELEGRAM__TOKEN=TOKEN,
        SMART_TUNER_TELEGRAM__OPERATORS="7",
        SMART_TUNER_TELEGRAM__API_URL=telegram.url,
    )
    assert not here.check("bot")
    here.start("bot")
    here.wait_for("bot")
    telegram.say(7, "/start")
    deadline = time.monotonic() + 60
    while not telegram.to(7):
        assert time.monotonic() < deadline, here.log("bot")
        time.sleep(0.1)
    assert here.stop("bot") == 0
    assert TOKEN not in here.log("bot")
    telegram.close()
