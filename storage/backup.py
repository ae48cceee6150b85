"""A copy of a whole database in one SQLite file, made while studies run in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, inspect

from storage.backup_file import (
    check_place,
    copy_pages,
    holds_studies,
    reading,
    sqlite_url,
    whole_or_not,
)
from storage.copying import Progress, copy_rows, snapshot, study_names
from storage.database import Database, existing_engine, no_study_yet
from storage.engine import build_engine
from storage.errors import StorageError, safe_url, translated
from storage.migrate import require_known, upgrade
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.revisions import OPTUNA_VERSION_TABLE, revision_of


def backup(url: str, file: Path, *, replace: bool, progress: Progress) -> list[str]:
    """Write everything that the database at ``url`` holds to ``file``, as it is at one moment.

    SQLite is copied page by page, whatever the version of its tables; another kind row by row.

    Args:
        url: the database.
        file: the SQLite database to be; it appears whole or not at all.
        replace: whether ``file`` may be there already.
        progress: told of pages or rows.

    Returns:
        The names of its studies.

    Raises:
        StorageError: the database can't be read, or ``file`` not written.
    """
    engine = existing_engine(url)
    source = engine.url.database if engine.dialect.name == "sqlite" else None
    if source is not None and Path(source).resolve() == file.resolve():
        raise StorageError(f"{file}: that is the database itself: name another file")
    check_place(file, replace=replace)
    copy = _copy_pages if engine.dialect.name == "sqlite" else _copy_tables
    try:
        with translated(engine.url, opening=True), whole_or_not(file) as temporary:
            if not holds_studies(engine):
                raise no_study_yet(engine.url)
            copy(engine, temporary, progress)
            with reading(temporary) as written, written.connect() as connection:
                return study_names(connection)
    finally:
        engine.dispose()


def _copy_pages(engine: Engine, file: Path, progress: Progress) -> None:
    with snapshot(engine) as connection:
        copy_pages(connection, file, progress)


def _copy_tables(engine: Engine, file: Path, progress: Progress) -> None:
    with snapshot(engine) as source:
        ours, optunas = revision_of(source), revision_of(source, OPTUNA_VERSION_TABLE)
        with (
            _empty_tables(file, engine.url, ours, optunas) as empty,
            empty.begin() as target,
        ):
            copy_rows(source, target, inspect(target).get_table_names(), progress)


@contextmanager
def _empty_tables(
    file: Path, source: URL, ours: str | None, optunas: str | None
) -> Iterator[Engine]:
    """A new database with the tables that ``source`` has, of the same revisions."""
    with Database(build_engine(sqlite_url(file))) as database:
        if ours is not None:
            require_known(ours, safe_url(source))
            upgrade(database.engine, ours)
        if optunas is not None:
            storage = optuna_storage(database)
            newest = storage.get_current_version()
            close_optuna_storage(storage)
            if optunas != newest:
                raise StorageError(
                    f"{safe_url(source)}: its Optuna tables are of version {optunas}, the Optuna"
                    f" here makes {newest}: upgrade them first with 'smart-tuner storage upgrade'"
                )
        yield database.engine
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
