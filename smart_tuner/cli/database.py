"""The database and the study that a command is about."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from smart_tuner.config import load_config
from storage.database import Database, open_existing
from storage.errors import StorageError
from storage.records import StudyRecord
from storage.studies import Studies
from trainer.exit_codes import BadInputError


class OpenStudy(NamedTuple):
    """A study, and the database that it is in."""

    database: Database
    record: StudyRecord


@contextmanager
def storage_errors() -> Iterator[None]:
    """Within the block, what is wrong with a database is bad input."""
    try:
        yield
    except StorageError as error:
        raise BadInputError(str(error)) from error


@contextmanager
def open_storage(url: str | None) -> Iterator[Database]:
    """The database at ``url``, else at the configured one; never created.

    Raises:
        BadInputError: it can't be opened, or no study was ever started in it.
    """
    with storage_errors(), open_existing(_storage_url(url)) as database:
        yield database


@contextmanager
def open_study(url: str | None, name: str | None) -> Iterator[OpenStudy]:
    """The study called ``name``; without a name the only one, or the one updated last.

    Raises:
        BadInputError: as :func:`open_storage`, or there is no such study; says which there are.
    """
    with open_storage(url) as database:
        yield OpenStudy(database, find_study(database, name))


def find_study(database: Database, name: str | None) -> StudyRecord:
    """The study called ``name``, or the one that :func:`open_study` would choose.

    Raises:
        StorageError: there is none.
    """
    studies = Studies(database).list_all()
    if not studies:
        raise StorageError(
            f"{database.safe_url}: it holds no study:"
            " start one with 'smart-tuner start study', or name another database with --storage"
        )
    if name is None:
        return max(studies, key=lambda study: study.updated_at)
    found = next((study for study in studies if study.name == name), None)
    if found is None:
        raise Studies(database).not_found(name)
    return found


def _storage_url(url: str | None) -> str:
    """By the one loader of configuration: its order of precedence, its words for mistakes."""
    config = load_config(None, {"storage": {"url": url}}, environ=os.environ)
    return config.storage.url.get_secret_value()
