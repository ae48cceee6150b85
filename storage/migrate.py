"""Bringing our tables to the newest revision; Optuna's own table of versions is left alone.

A new revision is a file in ``migrations/versions``; a test holds the sum of all of them against
:mod:`storage.tables`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from storage.errors import StorageError, safe_url
from storage.revisions import revision_of

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to ``revision``, all or nothing (the caller holds the schema lock).

    Raises:
        StorageError: the database is of a newer version than this program.
    """
    with engine.connect() as connection, connection.begin():
        _lock_sqlite(connection)
        if revision == "head" and revision_of(connection) == head_revision():
            return
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as error:
            raise _too_new(safe_url(engine.url), str(error)) from error


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to ``revision`` (``base``: none of our tables)."""
    with engine.connect() as connection, connection.begin():
        _lock_sqlite(connection)
        command.downgrade(_config(connection), revision)


def require_known(revision: str | None, called: str) -> None:
    """See to it that tables of ``revision`` in the database ``called`` so are not too new.

    Raises:
        StorageError: this program knows no such revision.
    """
    if revision is not None and revision not in revisions():
        raise _too_new(called, f"revision {revision}")


def _too_new(called: str, what: str) -> StorageError:
    return StorageError(
        f"{called}: written by a newer Smart Tuner ({what}):"
        " upgrade this one with 'pip install --upgrade smart-tuner'"
    )


def head_revision() -> str | None:
    """The newest revision that this program knows."""
    return _script().get_current_head()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    return [script.revision for script in _script().walk_revisions()][::-1]


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _lock_sqlite(connection: Connection) -> None:
    """Begin in earnest: Python's driver would begin only before the first INSERT, after the DDL."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
