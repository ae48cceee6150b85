"""Databases to test on: SQLite always, PostgreSQL where its test server is installed."""

import json
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
# Forked after the imports, which are most of the time; ``work`` begins at the same moment in all.
_CONTEST = """
import json, multiprocessing, sys
from storage.database import open_database

url, number, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
fork = multiprocessing.get_context("fork")
barrier = fork.Barrier(number, timeout=30)

def compete(me):
    with open_database(url) as database:
        barrier.wait()
        return work(database, me)

with fork.Pool(number) as pool:
    print(json.dumps(pool.map(compete, range(number), chunksize=1)))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/study.db"
        return
    server = request.getfixturevalue("postgresql")
    url = server.create()
    yield url
    server.drop(url)


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


@pytest.fixture
def contest(
    database_url: str, tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> Callable[[int, str], list[Any]]:
    """Runs ``work(database, me)``, given as code, in several processes at the same moment.

    What it returned (JSON) in each. The code sees ``me``, counted from 0, a ``barrier`` for all
    of them and a ``folder`` of their own.
    """

    def run(processes: int, code: str) -> list[Any]:
        program = start_python(code + _CONTEST, database_url, str(processes), str(tmp_path))
        out, words = program.communicate(timeout=60)
        assert program.returncode == 0, words
        answers: list[Any] = json.loads(out)
        return answers

    return run
