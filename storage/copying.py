"""Rows from one database to another of any kind, table by table; the tables are there already.

Tables are taken as the databases describe them, not as this program would make them, so that those
of an older version can be copied too.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Table,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)

from storage.column_types import UtcDateTime
from storage.revisions import OPTUNA_VERSION_TABLE, VERSION_TABLE

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""
_OURS = "tuner_"
_VERSIONS = frozenset({VERSION_TABLE, OPTUNA_VERSION_TABLE, "version_info"})
"""Each database says for itself of which version its tables are."""
_CHUNK = 2000


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the database as it is now, however long it reads."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # else each SELECT would be its own
        else:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


def study_names(connection: Connection) -> list[str]:
    """The studies of a database, Optuna's and ours, by name."""
    there = inspect(connection).get_table_names()
    queries = {"tuner_studies": "SELECT name FROM tuner_studies",
               "studies": "SELECT study_name FROM studies"}  # fmt: skip
    found = (connection.scalars(text(queries[t])).all() for t in queries if t in there)
    return sorted({name for names in found for name in names})


def copy_rows(
    source: Connection, target: Connection, names: Collection[str], progress: Progress
) -> None:
    """Copy all rows of the tables ``names``, those of versions left out.

    Args:
        source: read only; its tables are of the same versions as the target's.
        target: its tables are empty. Nothing is committed here.
        names: tables that ``source`` lacks have no rows.
        progress: told of rows.
    """
    there = set(inspect(source).get_table_names())
    wanted = [name for name in names if name in there and name not in _VERSIONS]
    theirs, ours = _tables(source, wanted), _tables(target, wanted)
    total = sum(source.scalar(select(func.count()).select_from(t)) or 0 for t in theirs)
    by_name, done = {table.name: table for table in theirs}, 0
    progress(done, total)
    for table in ours:
        for rows in _chunks(source, by_name[table.name]):
            target.execute(insert(table), rows)
            done += len(rows)
            progress(done, total)
        _continue_counting(target, table)


def first_row(connection: Connection, names: Collection[str]) -> str | None:
    """The first of the tables ``names`` that has a row, those of versions left out."""
    tables = _tables(connection, [name for name in names if name not in _VERSIONS])
    full = (t.name for t in tables if connection.execute(select(t).limit(1)).first() is not None)
    return next(full, None)


def _tables(connection: Connection, names: Collection[str]) -> list[Table]:
    """As the database describes them, those that others refer to first."""
    metadata = MetaData()
    event.listen(metadata, "column_reflect", _portable)
    metadata.reflect(connection, only=list(names))
    return [table for table in metadata.sorted_tables if table.name in names]


def _portable(_: Any, table: Table, column: dict[str, Any]) -> None:
    """Types whose values mean the same on both sides: moments in UTC, NULL and not JSON's null."""
    if isinstance(column["type"], JSON):
        column["type"] = JSON(none_as_null=True)
    elif isinstance(column["type"], DateTime) and table.name.startswith(_OURS):
        column["type"] = UtcDateTime()


def _chunks(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    result = source.execute(query, execution_options={"yield_per": _CHUNK})
    for rows in result.mappings().partitions():
        yield [dict(row) for row in rows]


def _continue_counting(target: Connection, table: Table) -> None:
    """PostgreSQL counts ids apart from the rows: what comes next follows the greatest."""
    if target.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        counter = func.pg_get_serial_sequence(table.name, column.name)
        greatest = target.scalar(select(func.max(column)))
        if greatest is not None and target.scalar(select(counter)) is not None:
            target.execute(select(func.setval(counter, greatest)))
