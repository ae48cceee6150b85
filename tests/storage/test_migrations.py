"""Migrations: up, down, and what they add up to."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from optuna import create_study
from sqlalchemy import inspect
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from storage.database import Database
from storage.migrate import (
    downgrade,
    head_revision,
    revisions,
    upgrade,
)
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.revisions import NEWEST, VERSION_TABLE, revision_of
from storage.tables import Base


def _revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return revision_of(connection)


def test_stairway(database: Database) -> None:
    downgrade(database.engine, "base")
    assert _revision(database) is None

    below = "base"
    for revision in revisions():
        upgrade(database.engine, revision)
        downgrade(database.engine, below)
        upgrade(database.engine, revision)
        assert _revision(database) == revision
        below = revision

    assert _revision(database) == head_revision()


def test_the_newest_revision_is_named_where_alembic_is_not_loaded() -> None:
    assert head_revision() == NEWEST


def test_migrations_add_up_to_the_tables(database: Database) -> None:
    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or str(name).startswith("tuner_")

    options = {"compare_type": True, "include_name": ours, "version_table": VERSION_TABLE}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, Base.metadata) == []


def test_every_table_is_ours_by_name() -> None:
    assert all(name.startswith("tuner_") for name in Base.metadata.tables)


def test_optuna_keeps_its_own_versions(database: Database) -> None:
    storage = optuna_storage(database)
    create_study(storage=storage, study_name="demo")
    close_optuna_storage(storage)

    downgrade(database.engine, "base")

    names = set(inspect(database.engine).get_table_names())
    assert {"studies", "trials", "alembic_version"} <= names
    assert {name for name in names if name.startswith("tuner_")} == {VERSION_TABLE}


def test_mysql_can_make_the_tables() -> None:
    dialect = mysql.dialect()
    statements = [
        str(CreateTable(table).compile(dialect=dialect)) for table in Base.metadata.sorted_tables
    ]

    assert len(statements) == 12
    assert any("DATETIME(6)" in statement for statement in statements)
