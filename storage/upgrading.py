"""Bringing all tables of a database to the newest revision: ours, and Optuna's by its own means."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from optuna.storages import RDBStorage
from sqlalchemy import URL, Engine

from storage.database import existing_engine, no_study_yet
from storage.engine import engine_options
from storage.errors import StorageError, safe_url, translated
from storage.migrate import require_known, upgrade
from storage.optuna_storage import close_optuna_storage
from storage.revisions import NEWEST, OPTUNA_VERSION_TABLE, revision_of
from storage.schema_lock import schema_lock


class Upgrade(NamedTuple):
    """From which revision to which some tables were brought; equal where nothing was to be done."""

    tables: str
    """Whose: ``Smart Tuner`` or ``Optuna``."""
    before: str | None
    """``None`` where there were none."""
    after: str


def upgrade_storage(url: str) -> list[Upgrade]:
    """Bring the tables at ``url`` to the newest revisions, ours first.

    Raises:
        StorageError: it can't be opened, holds no study's tables, or is of a newer version.
    """
    engine = existing_engine(url)
    try:
        with translated(engine.url, opening=True), schema_lock(engine):
            return upgrade_engine(engine, safe_url(engine.url))
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine, called: str) -> list[Upgrade]:
    """As :func:`upgrade_storage`; errors name the database as it is ``called``.

    The caller holds the schema lock.
    """
    with engine.connect() as connection:
        ours = revision_of(connection)
        optunas = revision_of(connection, OPTUNA_VERSION_TABLE)
    if ours is None and optunas is None:
        raise no_study_yet(engine.url)
    require_known(ours, called)
    upgrade(engine)
    after = _upgrade_optuna(engine.url, called)
    return [Upgrade("Smart Tuner", ours, NEWEST), Upgrade("Optuna", optunas, after)]


def _upgrade_optuna(url: URL, called: str) -> str:
    storage = RDBStorage(
        url.render_as_string(hide_password=False),
        engine_kwargs=engine_options(url),
        skip_compatibility_check=True,  # it would refuse what is to be upgraded
    )
    try:
        before, newest = storage.get_current_version(), storage.get_head_version()
        if before not in storage.get_all_versions():
            raise StorageError(
                f"{called}: written by a newer Optuna ({before}): upgrade the one here with"
                " 'pip install --upgrade optuna'"
            )
        if before != newest:
            with _alembic_is_quiet():
                storage.upgrade()
        return newest
    finally:
        close_optuna_storage(storage)


@contextmanager
def _alembic_is_quiet() -> Iterator[None]:
    """Where logging has no handler yet, Optuna's upgrade would set it up to print each revision."""
    handler, root = logging.NullHandler(), logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
