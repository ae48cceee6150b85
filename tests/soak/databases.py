"""What can befall the databases of studies."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url

Heal = Callable[[], object]
"""Ends what was begun."""
_LOCK_SECONDS = 20.0


class Server(Protocol):
    """A PostgreSQL server that can go away and come back."""

    def create(self) -> str:
        """The URL of a new, empty database."""

    def start(self) -> None:
        """Come back."""

    def stop(self) -> None:
        """Go away at once."""


class SqliteFile:
    """A file: all that can befall it is that somebody holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lock(self) -> Heal | None:
        """Keep all others from writing; ``None`` where the file is not there yet."""
        if not self._path.exists():
            return None
        connection = sqlite3.connect(self._path, timeout=_LOCK_SECONDS, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        return connection.close


class PostgresqlDatabase:
    """One database of a server."""

    def __init__(self, server: Server, url: str) -> None:
        self._server, self._url = server, make_url(url)
        self._is_away = False

    def close_connections(self, share: float) -> int:
        """Break that share of the connections, at least one; how many there were to break."""
        if self._is_away:
            return 0
        with self._connect() as connection:
            query = (
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random()"
            )
            pids = [row[0] for row in connection.execute(query)]
            chosen = pids[: max(1, round(share * len(pids)))]
            for pid in chosen:
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        return len(chosen)

    def stop_server(self) -> Heal | None:
        """Take the server away; ``None`` where it is away already."""
        if self._is_away:
            return None
        self._is_away = True
        self._server.stop()
        return self._start

    def _start(self) -> None:
        self._server.start()
        self._is_away = False

    def _connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host=str(self._url.query["host"]),
            user=self._url.username,
            dbname=self._url.database,
            autocommit=True,
        )
