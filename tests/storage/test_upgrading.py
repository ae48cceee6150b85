import subprocess
from collections.abc import Callable

import pytest
from sqlalchemy import text

from storage.database import Database, open_database
from storage.errors import StorageError
from storage.migrate import downgrade
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.revisions import NEWEST, OPTUNA_VERSION_TABLE, VERSION_TABLE
from storage.upgrading import Upgrade, upgrade_storage

_OLD_OPTUNA = "v3.0.0.d"


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def _set(database: Database, table: str, revision: str) -> None:
    with database.session() as session:
        session.execute(text(f"UPDATE {table} SET version_num = '{revision}'"))


@pytest.fixture
def newest_optuna(database: Database) -> str:
    """The revision of Optuna's tables, which are in the database now."""
    storage = optuna_storage(database)
    newest = storage.get_current_version()
    close_optuna_storage(storage)
    return newest


def test_both_are_brought_to_the_newest(database: Database, newest_optuna: str) -> None:
    downgrade(database.engine, "0001")
    _set(database, OPTUNA_VERSION_TABLE, _OLD_OPTUNA)

    upgrades = upgrade_storage(_url(database))

    assert upgrades == [
        Upgrade("Smart Tuner", "0001", NEWEST),
        Upgrade("Optuna", _OLD_OPTUNA, newest_optuna),
    ]
    close_optuna_storage(optuna_storage(database))  # content with its tables


def test_alembic_prints_nothing(
    sqlite_database: Database, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    close_optuna_storage(optuna_storage(sqlite_database))
    _set(sqlite_database, OPTUNA_VERSION_TABLE, _OLD_OPTUNA)
    code = "import sys; from storage.upgrading import upgrade_storage as u; print(u(sys.argv[1]))"

    out, words = start_python(code, _url(sqlite_database)).communicate(timeout=60)

    assert _OLD_OPTUNA in out
    assert words == ""


def test_nothing_to_do(database: Database, newest_optuna: str) -> None:
    assert [upgrade.before for upgrade in upgrade_storage(_url(database))] == [
        NEWEST,
        newest_optuna,
    ]


def test_tables_that_were_missing(database: Database) -> None:
    assert [upgrade.before for upgrade in upgrade_storage(_url(database))] == [NEWEST, None]


@pytest.mark.parametrize(
    ("table", "words"),
    [(VERSION_TABLE, "newer Smart Tuner"), (OPTUNA_VERSION_TABLE, "newer Optuna")],
)
@pytest.mark.usefixtures("newest_optuna")
def test_a_newer_version(database: Database, table: str, words: str) -> None:
    _set(database, table, "v99")

    with pytest.raises(StorageError, match=words):
        upgrade_storage(_url(database))


def test_no_study_yet(database_url: str) -> None:
    with pytest.raises(StorageError, match="no study has been started here yet"):
        upgrade_storage(database_url)


@pytest.mark.usefixtures("newest_optuna")
def test_who_meets_old_tables_is_told_how_to_upgrade(database: Database) -> None:
    _set(database, OPTUNA_VERSION_TABLE, _OLD_OPTUNA)

    with (
        open_database(_url(database)) as again,
        pytest.raises(StorageError, match="execute 'smart-tuner storage upgrade' for upgrading"),
    ):
        optuna_storage(again)
