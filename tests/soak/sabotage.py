"""Has it befall this process."""

import sqlite3
from typing import Any

from dying import Countdown, die, die_at_file, die_at_work  # a script finds what lies beside it
from plans import BUSY, DIE, DIE_AT_FILE, DIE_AT_WORK, LOSE
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError


def arm(kind: str, at: int, within: str) -> None:
    """From now on it awaits this process; files count whose paths have ``within`` in them."""
    countdown = Countdown(kind, at)
    if kind == DIE_AT_FILE:
        die_at_file(countdown, within)
    elif kind == DIE_AT_WORK:
        die_at_work(at / 100)
    elif kind == LOSE:
        event.listen(Engine, "commit", lambda connection: _lose(countdown, connection))
    else:
        event.listen(Engine, "before_cursor_execute", lambda one, *_: _break(countdown, one))


def _break(countdown: Countdown, connection: Connection) -> None:
    if not countdown.is_over():
        return
    if countdown.kind == DIE:
        die()
    elif countdown.kind == BUSY:
        raise OperationalError("?", {}, sqlite3.OperationalError("database is locked"))
    else:
        _driver(connection).close()


def _lose(countdown: Countdown, connection: Connection) -> None:
    if not countdown.is_over():
        return
    _driver(connection).commit()
    _driver(connection).close()
    lost = connection.dialect.loaded_dbapi.OperationalError("the server closed the connection")
    connection.invalidate()
    raise OperationalError("COMMIT", {}, lost, connection_invalidated=True)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
