"""The revision of a database's tables, ours and Optuna's, read without Alembic.

Alembic takes a tenth of a second to load, and most commands find nothing to migrate.
"""

from sqlalchemy import Connection, String, column, inspect, select, table

NEWEST = "0003"
"""The newest revision of our tables; a test holds it against the files of ``migrations``."""
VERSION_TABLE = "tuner_alembic_version"
OPTUNA_VERSION_TABLE = "alembic_version"


def revision_of(connection: Connection, version_table: str = VERSION_TABLE) -> str | None:
    """The revision that ``version_table`` holds; ``None`` without one, or without any."""
    if not inspect(connection).has_table(version_table):
        return None
    version = table(version_table, column("version_num", String))
    return connection.scalar(select(version.c.version_num))
