"""The file of a backup: a SQLite database of its own, read without being changed."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from storage.copying import Progress
from storage.errors import StorageError, translated

_PAGES = 1000
"""Copied between two words of progress: 4 MB."""
_IN_USE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database that somebody has open."""


def sqlite_url(file: Path) -> URL:
    """The URL of the SQLite database ``file``."""
    return URL.create("sqlite", database=str(file))


@contextmanager
def reading(file: Path) -> Iterator[Engine]:
    """An engine that only reads the database ``file``.

    Raises:
        StorageError: there is no such file, or it is none of ours.
    """
    if not file.is_file():
        raise StorageError(f"{file}: there is no such file: name one that 'backup' has written")
    engine = create_engine("sqlite://", creator=lambda: _read_only(file), poolclass=NullPool)
    with translated(sqlite_url(file), opening=True):
        if not holds_studies(engine):
            raise StorageError(
                f"{file}: it holds no studies' tables: name a file that 'backup' has written"
            )
        yield engine


def holds_studies(engine: Engine) -> bool:
    """Whether a database has the tables of studies, ours or Optuna's."""
    return bool({"studies", "tuner_studies"} & set(inspect(engine).get_table_names()))


def copy_pages(source: Connection, file: Path, progress: Progress) -> None:
    """Write the SQLite database of ``source`` to ``file``, as ``source`` sees it at this moment.

    Raises:
        StorageError: it can't be read, or ``file`` not written.
    """
    source.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # begins to read: the moment
    driver = source.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    try:
        with closing(sqlite3.connect(file)) as target:
            driver.backup(
                target, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total)
            )
            target.execute("PRAGMA journal_mode = DELETE")  # one file, with none beside it
    except sqlite3.Error as error:
        raise StorageError(
            f"{file.parent}: the database can't be copied to here ({error}): check it, and"
            " the free space here"
        ) from error


def _read_only(file: Path) -> sqlite3.Connection:
    # rw: one in WAL mode can't be read without files beside it; it never makes the database.
    connection = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=rw", uri=True)
    connection.execute("PRAGMA query_only = ON")
    return connection


def check_place(file: Path, *, replace: bool) -> None:
    """See to it that ``file`` can be written.

    Raises:
        StorageError: it is there and not to be replaced, somebody's open database, a directory,
            or its directory is missing.
    """
    if file.is_dir():
        raise StorageError(f"{file}: it is a directory: name a file in it")
    if not file.parent.is_dir():
        raise StorageError(f"{file}: the directory '{file.parent}' does not exist: create it first")
    beside = [Path(f"{file}{ending}") for ending in _IN_USE]
    if any(path.exists() for path in beside):
        raise StorageError(f"{file}: it is a database in use: name another file")
    if file.exists() and not replace:
        raise StorageError(
            f"{file}: it is there already: name another file, or replace it: --force"
        )


@contextmanager
def whole_or_not(file: Path) -> Iterator[Path]:
    """A temporary name beside ``file`` for a SQLite database, which replaces it at the end."""
    temporary = file.with_name(f".{file.name}-{secrets.token_hex(6)}")
    try:
        yield temporary
        temporary.replace(file)
    finally:
        for path in (temporary, *(Path(f"{temporary}{ending}") for ending in _IN_USE)):
            path.unlink(missing_ok=True)
