"""A backup's content into an empty database, of whichever kind."""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from storage.backup_file import copy_pages, reading, sqlite_url
from storage.copying import Progress, copy_rows, first_row, snapshot, study_names
from storage.database import Database, open_database
from storage.engine import build_engine
from storage.errors import StorageError, translated
from storage.migrate import require_known
from storage.optuna_storage import close_optuna_storage, optuna_storage, optuna_tables
from storage.revisions import NEWEST, OPTUNA_VERSION_TABLE, revision_of
from storage.tables import Base
from storage.upgrading import upgrade_engine

_SHOWN = 5
"""Studies named at most."""


def restore(file: Path, url: str, progress: Progress) -> list[str]:
    """Copy every study in ``file`` into the database at ``url``, all or nothing.

    Args:
        file: what ``backup`` has written, of this version or an older one.
        url: a database without studies; a SQLite file may be missing.
        progress: told of rows.

    Returns:
        The names of the studies.

    Raises:
        StorageError: ``file`` is no backup, or a newer program's; the database can't be opened, or
            holds something already.
    """
    with reading(file) as backup, open_database(url) as database:
        storage = optuna_storage(database)  # makes Optuna's tables
        optunas = storage.get_current_version()
        close_optuna_storage(storage)
        with (
            _up_to_date(backup, file, optunas) as source,
            snapshot(source) as rows,
            translated(database.url),
        ):
            _fill(database, rows, progress)
            return study_names(rows)


@contextmanager
def _up_to_date(backup: Engine, file: Path, optunas: str) -> Iterator[Engine]:
    """The backup itself, or a copy of it with its tables upgraded: a backup is never changed."""
    with snapshot(backup) as connection:
        before = revision_of(connection), revision_of(connection, OPTUNA_VERSION_TABLE)
        if before == (NEWEST, optunas):
            yield backup
            return
        require_known(before[0], str(file))
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "backup.db"
            copy_pages(connection, copy, lambda done, total: None)
            engine = build_engine(sqlite_url(copy))
            try:
                upgrade_engine(engine, str(file))
                yield engine
            finally:
                engine.dispose()


def _fill(database: Database, rows: Connection, progress: Progress) -> None:
    names = optuna_tables() | set(Base.metadata.tables)
    with database.engine.connect() as target, target.begin():
        if database.engine.dialect.name == "sqlite":
            target.exec_driver_sql("BEGIN IMMEDIATE")  # nobody starts a study meanwhile
        _require_empty(database, target, names)
        try:
            copy_rows(rows, target, names, progress)
        except IntegrityError as error:
            raise StorageError(
                f"{database.safe_url}: nothing was restored, a row clashes with another"
                f" ({str(error.orig).splitlines()[0]}): end the programs that write to it, or name"
                " another database"
            ) from error


def _require_empty(database: Database, target: Connection, names: Collection[str]) -> None:
    """Ids of a backup and of what is there would clash, and nothing is ever overwritten."""
    if studies := study_names(target):
        more = f" and {len(studies) - _SHOWN} more" if len(studies) > _SHOWN else ""
        raise StorageError(
            f"{database.safe_url}: it holds studies already ({', '.join(studies[:_SHOWN])}{more}):"
            " name an empty database with --storage, or delete them with 'smart-tuner delete'"
        )
    if table := first_row(target, names):
        raise StorageError(
            f"{database.safe_url}: it holds rows already, in the table '{table}': name an empty"
            " database with --storage"
        )
