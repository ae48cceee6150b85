"""Where a SQLite database lies, and whether it can lie there."""

import os
from pathlib import Path

from sqlalchemy import URL

from storage.errors import StorageError, safe_url
from storage.file_systems import network_file_system


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite database; ``None`` for other kinds, and for URIs of SQLite's own."""
    if url.get_backend_name() != "sqlite" or (url.database or "").startswith("file:"):
        return None
    return Path(url.database or "")


def check_sqlite_path(url: URL) -> None:
    """See to it that a SQLite database can be made or used at ``url``; others pass.

    Raises:
        StorageError: a directory, a missing one, one of a network, or one that can't be written.
    """
    path = sqlite_path(url)
    if path is None:
        return
    if path.is_dir():
        raise StorageError(f"{safe_url(url)}: '{path}' is a directory: name a file in it")
    if not path.parent.is_dir():
        raise StorageError(
            f"{safe_url(url)}: the directory '{path.parent}' does not exist: create it first"
        )
    network = network_file_system(path.parent)
    if network is not None:
        raise StorageError(
            f"{safe_url(url)}: '{path.parent.resolve()}' lies on a network file system ({network}),"
            " where SQLite's locks don't hold: name a directory of this machine's own, or a"
            " PostgreSQL database"
        )
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK, effective_ids=True):
            raise StorageError(
                f"{safe_url(url)}: '{place}' can't be written: change its permissions,"
                " or name another place"
            )
