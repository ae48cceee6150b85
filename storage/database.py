"""A database of studies: opening it, and short transactions in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, CursorResult, Delete, Engine, Update, inspect
from sqlalchemy.orm import Session, sessionmaker

from storage.engine import build_engine, parse_url
from storage.errors import StorageError, safe_url, translated
from storage.migrate import upgrade
from storage.schema_lock import schema_lock
from storage.tables import StudyRow


class Database:
    """An open database; repositories take one. Usable as a context manager."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @property
    def url(self) -> URL:
        """Where it is, with the password: to connect, never to show."""
        return self.engine.url

    @property
    def safe_url(self) -> str:
        """Where it is, for people: secrets hidden."""
        return safe_url(self.engine.url)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One short transaction, committed at the end of the block.

        Raises:
            StorageError: the database can't be reached, read or written any more.
        """
        with translated(self.url), self._sessions.begin() as session:
            yield session

    def execute(self, statement: Update | Delete) -> int:
        """One UPDATE or DELETE in its own transaction; how many rows it met.

        Raises:
            StorageError: as :meth:`session`.
        """
        with self.session() as session:
            result = session.execute(statement)
            assert isinstance(result, CursorResult)
            return result.rowcount

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.safe_url!r})"


def open_database(url: str) -> Database:
    """Connect to ``url`` (any that Optuna takes) and bring our tables up to date.

    Several processes may do so at once.

    Raises:
        StorageError: malformed, unreachable, not writable, not a database, or a newer one.
    """
    parsed = parse_url(url)
    _check_sqlite_path(parsed)
    return _opened(build_engine(parsed), may_create=True)


def open_existing(url: str) -> Database:
    """Like :func:`open_database`, for readers: nothing is created where there is no study.

    Raises:
        StorageError: also where no study has been started in this database.
    """
    parsed = parse_url(url)
    path = _sqlite_path(parsed)
    if path is not None and not path.exists():
        raise _no_study_yet(parsed)
    _check_sqlite_path(parsed)
    return _opened(build_engine(parsed), may_create=False)


def _opened(engine: Engine, *, may_create: bool) -> Database:
    """The lock comes before the first connection: that one may switch SQLite to WAL."""
    try:
        with translated(engine.url, opening=True), schema_lock(engine):
            if not may_create and not inspect(engine).has_table(StudyRow.__tablename__):
                raise _no_study_yet(engine.url)
            upgrade(engine)
    except StorageError:
        engine.dispose()
        raise
    return Database(engine)


def _no_study_yet(url: URL) -> StorageError:
    return StorageError(
        f"{safe_url(url)}: no study has been started here yet: start one with"
        " 'smart-tuner start study', or name another database with --storage"
    )


def _sqlite_path(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or (url.database or "").startswith("file:"):
        return None
    return Path(url.database or "")


def _check_sqlite_path(url: URL) -> None:
    path = _sqlite_path(url)
    if path is None:
        return
    if path.is_dir():
        raise StorageError(f"{safe_url(url)}: '{path}' is a directory: name a file in it")
    if not path.parent.is_dir():
        raise StorageError(
            f"{safe_url(url)}: the directory '{path.parent}' does not exist: create it first"
        )
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK, effective_ids=True):
            raise StorageError(
                f"{safe_url(url)}: '{place}' can't be written: change its permissions,"
                " or name another place"
            )
