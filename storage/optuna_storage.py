"""Optuna's storage in the same database, with the same engine options."""

from collections.abc import Callable
from typing import TypeVar

from optuna.storages import RDBStorage
from sqlalchemy import inspect

from storage.database import Database
from storage.engine import engine_options
from storage.errors import StorageError, translated
from storage.schema_lock import schema_lock

_S = TypeVar("_S", bound=RDBStorage)
_THEIR_REMEDY = "`$ optuna storage upgrade --storage $STORAGE_URL`"
_OUR_REMEDY = "'smart-tuner storage upgrade'"


def optuna_storage(database: Database) -> RDBStorage:
    """Optuna's storage on ``database``; several processes may make one at once.

    Raises:
        StorageError: Optuna's tables are of another version, or can't be made.
    """
    return optuna_storage_of(database, RDBStorage)


def optuna_storage_of(database: Database, make: Callable[..., _S]) -> _S:
    """The same of a kind of one's own; ``make`` takes what ``RDBStorage`` takes."""
    url = database.url
    with translated(url, opening=True), schema_lock(database.engine):
        try:
            return make(
                url.render_as_string(hide_password=False), engine_kwargs=engine_options(url)
            )
        except RuntimeError as error:  # Optuna's word for tables of another version, with a remedy
            words = str(error).replace(_THEIR_REMEDY, _OUR_REMEDY)
            raise StorageError(f"{database.safe_url}: {words}") from error


def optuna_tables() -> frozenset[str]:
    """The names of Optuna's tables, as the Optuna here makes them; its versions' among them."""
    storage = RDBStorage("sqlite:///:memory:")
    try:
        return frozenset(inspect(storage.engine).get_table_names())
    finally:
        close_optuna_storage(storage)


def close_optuna_storage(storage: RDBStorage) -> None:
    """Close every connection of ``storage``."""
    storage.remove_session()
    storage.engine.dispose()
