"""Bringing our tables to the newest revision; Optuna's own table of versions is left alone.

A new revision is a file in ``migrations/versions``; a test holds the sum of all of them against
:mod:`storage.tables`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from storage.errors import StorageError, safe_url

VERSION_TABLE = "tuner_alembic_version"
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to ``revision``, all or nothing (the caller holds the schema lock).

    Raises:
        StorageError: the database is of a newer version than this program.
    """
    with engine.connect() as connection, connection.begin():
        _lock_sqlite(connection)
        if revision == "head" and current_revision(connection) == head_revision():
            return
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as error:
            raise StorageError(
                f"{safe_url(engine.url)}: written by a newer Smart Tuner ({error}):"
                " upgrade this one with 'pip install --upgrade smart-tuner'"
            ) from error


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to ``revision`` (``base``: none of our tables)."""
    with engine.connect() as connection, connection.begin():
        _lock_sqlite(connection)
        command.downgrade(_config(connection), revision)


def current_revision(connection: Connection) -> str | None:
    """The revision of the database; ``None`` without our tables."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


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
