"""MLflow's own database, read by SQL: importing mlflow takes seconds."""

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest


@dataclass(frozen=True)
class MlflowRun:
    """A run as MLflow has it."""

    id: str
    name: str
    status: str
    tags: dict[str, str]
    params: dict[str, str]
    counts: Counter[str]
    """How many points each metric has."""

    @property
    def parent(self) -> str | None:
        """The run that it is nested in."""
        return self.tags.get("mlflow.parentRunId")


@dataclass(frozen=True)
class MlflowFile:
    """A SQLite database of MLflow's."""

    path: Path

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def runs(self) -> list[MlflowRun]:
        """Those that are not deleted, in the order of their start."""
        found = self.rows(
            "SELECT run_uuid, name, status FROM runs WHERE lifecycle_stage = 'active' "
            "ORDER BY start_time, name"
        )
        return [MlflowRun(*run, *self._of(run[0])) for run in found]

    def _of(self, run_id: str) -> tuple[dict[str, str], dict[str, str], Counter[str]]:
        tags, params = (
            dict(self.rows(f"SELECT key, value FROM {table} WHERE run_uuid = ?", run_id))
            for table in ("tags", "params")
        )
        counts = self.rows(
            "SELECT key, COUNT(*) FROM metrics WHERE run_uuid = ? GROUP BY key", run_id
        )
        return tags, params, Counter(dict(counts))


def points_said(events: Path) -> Counter[str]:
    """How many values of each metric the events have."""
    counts: Counter[str] = Counter()
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] in ("step", "evaluation"):
            counts.update(event["metrics"].keys())
    return counts


@pytest.fixture(scope="session")
def stub() -> tuple[str, ...]:
    """A trainer that only speaks the protocol."""
    return (sys.executable, "-P", str(Path(__file__).parents[1] / "stub_trainer.py"))


@pytest.fixture(scope="session")
def mlflow_of() -> Callable[[Any], MlflowFile]:
    """MLflow's database in a workshop."""
    return lambda workshop: MlflowFile(workshop.folder / "mlflow.db")


@pytest.fixture(scope="session")
def assert_complete(mlflow_of: Callable[[Any], MlflowFile]) -> Callable[[Any], None]:
    """Asserts that MLflow has one run a trial, and each point of its events once."""

    def check(workshop: Any) -> None:
        runs = mlflow_of(workshop).runs()
        (study,) = [run for run in runs if run.parent is None]
        trials = [run for run in runs if run is not study]
        assert {run.parent for run in trials} == {study.id}
        by_number = {int(run.tags["smart_tuner.trial"]): run for run in trials}
        assert len(by_number) == len(trials)
        assert sorted(by_number) == [trial.number for trial in workshop.trials()]
        for number, run in by_number.items():
            assert run.counts == points_said(workshop.paths(number).events), number

    return check


@pytest.fixture(scope="session")
def sink_of() -> Callable[[int], psutil.Process | None]:
    """The sink process of a controller, by the controller's process id; none yet: ``None``."""

    def find(pid: int) -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            for child in psutil.Process(pid).children():
                if "smart_tuner.sinks" in child.cmdline():
                    return child
        return None

    return find
