"""What can go wrong with a database, in one line that a person can act on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

_SECRET_KEY = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)
_PATH_KEYS = {"passfile", "sslkey", "ssl_key"}
"""Keys of drivers that name the file with a secret, not the secret."""
_SCHEME = re.compile(r"[A-Za-z0-9+]+://")
_SQLITE_REMEDIES = {
    "not a database": "name another file, or move this one away",
    "unable to open": "check that its directory exists and may be written",
    "readonly": "make the file and its directory writable",
    "locked": "another process holds it: wait for it, or end it, and try again",
    "full": "free some space on the disk",
    "malformed": "the file is damaged: restore a copy, or start anew with another file",
}
_SERVER_REMEDY = "check that the server runs, and host, port, user, password and database name"


class StorageError(Exception):
    """One line: the database's URL (password hidden), what is wrong, and the remedy."""


class StorageUnavailableError(StorageError):
    """The database is away, locked or full: later it may be there again."""


class StudyNotFoundError(StorageError):
    """No study of that name in the database."""


class StudyExistsError(StorageError):
    """A study of that name is there already."""


def safe_url(url: URL) -> str:
    """``url`` without its secrets, those in the query included."""
    hidden = {key: "***" for key in url.query if _SECRET_KEY.search(key)}
    shown = url.update_query_dict(hidden).render_as_string(hide_password=True)
    return shown.replace("%2A%2A%2A", "***")


def holds_secret(url: URL) -> bool:
    """Whether a password stands in ``url``, its query included."""
    keys = {key for key, value in url.query.items() if value and _SECRET_KEY.search(key)}
    return bool(url.password or keys - _PATH_KEYS)


def safe_text(text: str) -> str:
    """What may be shown of a text that is no URL: nothing that could be a password."""
    scheme = _SCHEME.match(text)
    if scheme:
        return f"{scheme.group()}…"
    return "…" if "@" in text or ":" in text else text


@contextmanager
def translated(url: URL, *, opening: bool = False) -> Iterator[None]:
    """Turn the database's own errors into :class:`StorageError`.

    Wrong statements and broken constraints are bugs of ours, and pass as they are; but while
    ``opening``, when they mean a missing permission or a foreign schema.
    """
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError) as error:
        if not opening:
            raise
        raise _storage_error(url, error) from error
    except DBAPIError as error:
        raise _storage_error(url, error) from error


def _storage_error(url: URL, error: DBAPIError) -> StorageUnavailableError:
    words = _drivers_words(error)
    if url.password:
        words = words.replace(str(url.password), "***")
    return StorageUnavailableError(f"{safe_url(url)}: {words}: {_remedy(url, words)}")


def _drivers_words(error: DBAPIError) -> str:
    """One line of the driver's own; not SQLAlchemy's SQL and link, not the hints below."""
    first, *rest = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return " ".join([first, *rest]) if first.endswith(":") else first


def _remedy(url: URL, words: str) -> str:
    if url.get_backend_name() != "sqlite":
        return _SERVER_REMEDY
    found = (remedy for sign, remedy in _SQLITE_REMEDIES.items() if sign in words)
    return next(found, "check the file, or name another one")
