"""Engines as a study needs them: patient on SQLite, quick to give up on a dead server."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from storage.errors import StorageError, safe_text, safe_url

BUSY_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 8
_CONNECT_TIMEOUT = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
_LIBPQ_OPTIONS = {
    **_CONNECT_TIMEOUT,
    # A server that has vanished from the network is noticed within half a minute: by probes while
    # an answer is awaited, by what is never acknowledged while something is sent.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
_DRIVER_OPTIONS: dict[str, dict[str, int]] = {
    "psycopg": _LIBPQ_OPTIONS,
    "psycopg2": _LIBPQ_OPTIONS,
    "mysqldb": _CONNECT_TIMEOUT,
    "pymysql": _CONNECT_TIMEOUT,
}
_REMEDIES = {
    "postgresql": "pip install 'smart-tuner[postgresql]', and begin the URL with"
    " postgresql+psycopg://",
    "mysql": "pip install pymysql, and begin the URL with mysql+pymysql://",
}
_EXAMPLES = "sqlite:///smart_tuner.db or postgresql://user:password@host/database"


def parse_url(text: str) -> URL:
    """The URL that ``text`` spells.

    Raises:
        StorageError: it spells none, or a SQLite database in memory, which nobody could share.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise StorageError(
            f"storage URL '{safe_text(text)}' is malformed: write it as {_EXAMPLES}"
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StorageError(
            f"storage URL '{safe_url(url)}' keeps nothing: name a file, as in {_EXAMPLES}"
        )
    return url


def build_engine(url: URL) -> Engine:
    """An engine for ``url``; it has not connected yet.

    Raises:
        StorageError: an unknown kind of database; its driver is not installed or asynchronous.
    """
    try:
        engine = create_engine(url, **engine_options(url))
    except NoSuchModuleError as error:
        raise StorageError(
            f"storage URL '{safe_url(url)}': no database is called '{url.drivername}':"
            f" write it as {_EXAMPLES}"
        ) from error
    except ImportError as error:
        remedy = _REMEDIES.get(url.get_backend_name(), f"pip install {error.name}")
        raise StorageError(
            f"storage URL '{safe_url(url)}': its driver '{error.name or url.drivername}'"
            f" is not installed: {remedy}"
        ) from error
    if engine.dialect.is_async:
        raise StorageError(
            f"storage URL '{safe_url(url)}': the driver '{url.get_driver_name()}' is asynchronous:"
            f" write it as {_EXAMPLES}"
        )
    return engine


def engine_options(url: URL) -> dict[str, Any]:
    """The arguments of ``create_engine``: the same for our engine and for Optuna's.

    What the URL's own query says goes before the driver's options here.
    """
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_TIMEOUT_SECONDS}
        options["pool_events"] = [(_set_pragmas, "connect")]
        return options
    options["pool_pre_ping"] = True  # a server may restart between two trials
    known = _DRIVER_OPTIONS.get(url.get_driver_name(), {})
    options["connect_args"] = {name: known[name] for name in known if name not in url.query}
    return options


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
