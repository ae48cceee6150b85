"""A database of studies: opening it, and short transactions in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import URL, CursorResult, Delete, Engine, Update
from sqlalchemy.orm import Session, sessionmaker

from storage.engine import build_engine, parse_url
from storage.errors import StorageError, safe_url, translated
from storage.revisions import NEWEST, revision_of
from storage.schema_lock import schema_lock
from storage.sqlite_file import check_sqlite_path, sqlite_path

_FAILURE = "failure"


class Database:
    """An open database; repositories take one. Usable as a context manager."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._local = threading.local()

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
        """One short transaction, committed at the end of the block; within another, a part of it.

        A part that fails fails the whole, even where its error is caught: at the latest at the
        end of the block.

        Raises:
            StorageError: the database can't be reached, read or written any more.
        """
        outer: Session | None = getattr(self._local, "session", None)
        if outer is not None:
            with _part_of(outer):
                yield outer
            return
        with translated(self.url), self._sessions.begin() as self._local.session:
            session: Session = self._local.session
            try:
                yield session
            finally:
                del self._local.session
            if _FAILURE in session.info:
                raise session.info[_FAILURE]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What repositories write within the block is written together, or not at all.

        Raises:
            StorageError: as :meth:`session`.
        """
        with self.session():
            yield

    def execute(self, statement: Update | Delete) -> int:
        """One UPDATE or DELETE in its own transaction; how many rows it met.

        Raises:
            StorageError: as :meth:`session`.
        """
        with self.session() as session:
            result = session.execute(statement, execution_options={"synchronize_session": False})
            session.expire_all()  # what is read next is what the database holds
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


@contextmanager
def _part_of(session: Session) -> Iterator[None]:
    """A part of a transaction: written at once, so that what fails fails in its own call."""
    try:
        yield
        session.flush()
    except BaseException as error:
        session.info[_FAILURE] = error  # what came before may be rolled back already
        raise


def open_database(url: str) -> Database:
    """Connect to ``url`` (any that Optuna takes) and bring our tables up to date.

    Several processes may do so at once.

    Raises:
        StorageError: malformed, unreachable, not writable, not a database, or a newer one.
    """
    parsed = parse_url(url)
    check_sqlite_path(parsed)
    return _opened(build_engine(parsed), may_create=True)


def open_existing(url: str) -> Database:
    """Like :func:`open_database`, for readers: nothing is created where there is no study.

    Raises:
        StorageError: also where no study has been started in this database.
    """
    return _opened(existing_engine(url), may_create=False)


def existing_engine(url: str) -> Engine:
    """An engine for a database that is there, whatever the version of its tables.

    Raises:
        StorageError: as :func:`open_existing`, as far as can be told without connecting.
    """
    parsed = parse_url(url)
    path = sqlite_path(parsed)
    if path is not None and not path.exists():
        raise no_study_yet(parsed)
    check_sqlite_path(parsed)
    return build_engine(parsed)


def _opened(engine: Engine, *, may_create: bool) -> Database:
    """The lock comes before the first connection: that one may switch SQLite to WAL."""
    try:
        with translated(engine.url, opening=True), schema_lock(engine):
            _bring_up_to_date(engine, may_create)
    except StorageError:
        engine.dispose()
        raise
    return Database(engine)


def _bring_up_to_date(engine: Engine, may_create: bool) -> None:
    with engine.connect() as connection:
        revision = revision_of(connection)
    if revision is None and not may_create:
        raise no_study_yet(engine.url)
    if revision != NEWEST:
        from storage.migrate import upgrade  # with Alembic, which hardly any start needs

        upgrade(engine)


def no_study_yet(url: URL) -> StorageError:
    """The error of a reader who finds no study's tables."""
    return StorageError(
        f"{safe_url(url)}: no study has been started here yet: start one with"
        " 'smart-tuner start study', or name another database with --storage"
    )
