"""The database and the study that a command is about."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from smart_tuner.cli.storage_url import storage_url
from storage.controllers import Controllers
from storage.database import Database, open_database, open_existing
from storage.errors import StorageError
from storage.records import StudyRecord, StudyState, TrialRecord
from storage.studies import Studies
from storage.trials import Trials
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
    with storage_errors(), open_existing(storage_url(url, os.environ)) as database:
        yield database


@contextmanager
def open_serving(url: str | None) -> Iterator[Database]:
    """The same for what serves for long, and may be there before the first study.

    On a database server the tables are made; a SQLite file that is missing is a wrong name.

    Raises:
        BadInputError: it can't be opened.
    """
    told = storage_url(url, os.environ)
    opened = open_existing if told.startswith("sqlite") else open_database
    with storage_errors(), opened(told) as database:
        yield database


@contextmanager
def open_study(url: str | None, name: str | None) -> Iterator[OpenStudy]:
    """The study called ``name``; without a name the only one, or the one updated last.

    Raises:
        BadInputError: as :func:`open_storage`, or there is no such study; says which there are.
    """
    with open_storage(url) as database:
        yield OpenStudy(database, find_study(database, name))


@contextmanager
def open_addressee(url: str | None, name: str | None) -> Iterator[OpenStudy]:
    """The study that a command is for: without a name the only one that a controller runs.

    Where none runs, it is chosen as by :func:`open_study`.

    Raises:
        BadInputError: as :func:`open_study`; or several run, and it is not said which is meant.
    """
    with open_storage(url) as database:
        yield OpenStudy(database, find_study(database, name or _only_running(database)))


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
        return max(studies, key=lambda study: _last_sign(database, study))
    found = next((study for study in studies if study.name == name), None)
    if found is None:
        raise Studies(database).not_found(name)
    return found


def find_trial(study: OpenStudy, number: int) -> TrialRecord:
    """A trial of ``study``.

    Raises:
        BadInputError: it has no such trial; says which it has.
    """
    trials = Trials(study.database)
    trial = trials.get(study.record.name, number)
    if trial is not None:
        return trial
    numbers = [one.number for one in trials.list_of(study.record.name)]
    known = " to ".join(str(n) for n in sorted({*numbers[:1], *numbers[-1:]}))
    there = f"it has {known}" if numbers else "it has none yet"
    raise BadInputError(f"study '{study.record.name}' has no trial {number}; {there}")


def goes_on(state: StudyState) -> bool:
    """Whether more may come of a study in this state, without anybody starting it again."""
    return state.controlled and state is not StudyState.CONTROLLER_LOST


def _last_sign(database: Database, study: StudyRecord) -> datetime:
    """When it was updated last, or last heard of from a controller."""
    beats = [one.heartbeat_at for one in Controllers(database).list_of(study.name)]
    return max([study.updated_at, *beats])


def _only_running(database: Database) -> str | None:
    controllers = Controllers(database)
    running = [one.name for one in Studies(database).list_all() if controllers.live(one.name)]
    if len(running) > 1:
        names = ", ".join(f"'{name}'" for name in running)
        raise BadInputError(f"several studies run, {names}: say which one is meant")
    return running[0] if running else None
