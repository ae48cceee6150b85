import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import smart_tuner
from smart_tuner.exit_codes import TunerExit
from smart_tuner.sinks.folder_lock import folder_lock
from smart_tuner.sinks.settings import unsent_marker

Cli = Callable[..., Any]
ROOT = str(Path(smart_tuner.__file__).parents[1])
SYNC = ("mlflow", "sync", "speech")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow, which is imported here, writes to it: put back what it was."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")


@pytest.fixture
def folder(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs of a study of which MLflow was not told."""
    workshop.run(study={"trials": 1})
    monkeypatch.chdir(workshop.folder)
    folder: Path = workshop.folder / "runs/speech"
    unsent_marker(folder).touch()
    return folder


def test_what_was_missed_is_sent_once(folder: Path, cli: Cli) -> None:
    said = [cli(*SYNC) for _ in range(2)]
    assert [one.code for one in said] == [TunerExit.FINISHED] * 2, said
    first, second = (one.out.splitlines() for one in said)
    assert first[0].startswith("MLflow: http://127.0.0.1:5000/#/experiments/1/runs/")
    assert first[1] == "MLflow: the best voice is models:/smart-tuner-speech@best, 1"
    assert first[-1] == second[-1] == "MLflow has all of study 'speech'."
    assert not unsent_marker(folder).exists()
    with closing(sqlite3.connect("mlflow.db")) as connection:
        n = [connection.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0]
             for t in ("runs", "model_versions")]  # fmt: skip
    assert n == [2, 1]


def test_not_beside_the_controllers_own(folder: Path, cli: Cli) -> None:
    with folder_lock(folder, lambda: False):
        said = cli(*SYNC)
    assert said.code == TunerExit.BAD_INPUT
    assert "study 'speech' is being sent by its controller" in said.err


@pytest.mark.usefixtures("folder")
def test_a_store_that_is_away(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("away").write_text("no folder")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///away/mlflow.db")
    said = cli(*SYNC)
    assert said.code == TunerExit.BAD_INPUT
    assert said.err.splitlines()[-1].startswith("error: not sent: ")


@pytest.mark.usefixtures("folder")
def test_in_another_directory(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{Path('smart_tuner.db').resolve()}"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = cli(*SYNC, "--storage", url)
    assert said.code == TunerExit.BAD_INPUT
    assert "run this in the directory in which the study was started" in said.err


def test_a_server_that_is_away_is_one_line_without_its_password(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        uri = f"http://anna:geheim@127.0.0.1:{taken.getsockname()[1]}"
        said = subprocess.run(
            [sys.executable, "-m", "smart_tuner.cli", *SYNC],
            env={**os.environ, "PYTHONPATH": ROOT, "MLFLOW_TRACKING_URI": uri},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert said.returncode == TunerExit.BAD_INPUT
    assert "geheim" not in said.stdout + said.stderr
    (line,) = said.stderr.splitlines()
    assert line.startswith("error: not sent: ")
    assert line.endswith("once MLflow can be reached, try again")
