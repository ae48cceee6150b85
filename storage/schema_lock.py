"""One process at a time makes or migrates tables, on whichever database."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from storage.errors import StorageError, safe_url

_NUMBER = 7_046_029_254
"""Ours among PostgreSQL's advisory locks; any number that nobody else takes."""
_NAME = "tuner_schema"
"""Ours among MySQL's named locks."""
_WAIT_SECONDS = 60.0
_RETRY_SECONDS = 0.02


@contextmanager
def schema_lock(engine: Engine, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Hold the database's schema lock for the block.

    Raises:
        StorageError: another process has held it for ``wait_seconds``.
    """
    lock = _directory_lock if engine.dialect.name == "sqlite" else _server_lock
    with lock(engine, wait_seconds):
        yield


@contextmanager
def _directory_lock(engine: Engine, wait_seconds: float) -> Iterator[None]:
    # The directory: it needs no extra file, and to open and close the database file itself would
    # drop the locks that SQLite holds on it in this process.
    folder = Path(engine.url.database or "").parent
    descriptor = os.open(folder if folder.is_dir() else ".", os.O_RDONLY)
    try:
        _wait(lambda: _flock(descriptor), engine, wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system that locks no directories: SQLite's own lock must do
    return True


@contextmanager
def _server_lock(engine: Engine, wait_seconds: float) -> Iterator[None]:
    take, release, arguments = _statements(engine)
    with engine.connect() as connection:
        _wait(lambda: _ask(connection, take, arguments), engine, wait_seconds)
        try:
            yield
        finally:
            _ask(connection, release, arguments)


def _statements(engine: Engine) -> tuple[str, str, dict[str, int | str]]:
    """How this database takes and releases a lock of the session, and their arguments."""
    if engine.dialect.name == "postgresql":
        return "SELECT pg_try_advisory_lock(:n)", "SELECT pg_advisory_unlock(:n)", {"n": _NUMBER}
    if engine.dialect.name in ("mysql", "mariadb"):
        return "SELECT GET_LOCK(:n, 0)", "SELECT RELEASE_LOCK(:n)", {"n": _NAME}
    return "SELECT 1", "SELECT 1", {}


def _ask(connection: Connection, statement: str, arguments: dict[str, int | str]) -> bool:
    answer = connection.scalar(text(statement), arguments)
    connection.commit()  # the session's lock outlives the transaction
    return bool(answer)


def _wait(attempt: Callable[[], bool], engine: Engine, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while not attempt():
        if time.monotonic() > deadline:
            raise StorageError(
                f"{safe_url(engine.url)}: another process has been changing its tables for over"
                f" {wait_seconds:g} seconds: wait for it, or end it, and try again"
            )
        time.sleep(_RETRY_SECONDS)
