"""A database that is away for a while: training goes on, and what was missed is written after."""

import time
from collections.abc import Callable

from optuna.exceptions import StorageInternalError
from sqlalchemy import text
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from storage.database import Database
from storage.errors import StorageUnavailableError

OUTAGES = (StorageUnavailableError, StorageInternalError, OperationalError, InterfaceError)
"""How our side and Optuna's say that the database is away, locked or full."""
_RETRY_SECONDS = 0.5
_SAY_SECONDS = 30.0
_FLICKER_SECONDS = 10.0
"""Away again so soon is the same outage."""


def check_outage(error: Exception) -> None:
    """Raise ``error``, one of :data:`OUTAGES`, where no waiting mends it: it is a bug.

    Optuna's storage calls every error of a database by one name.
    """
    if isinstance(error.__cause__, (DataError, IntegrityError, ProgrammingError)):
        raise error


def words(error: Exception) -> str:
    """What is wrong, in one line; of Optuna's error its cause says it."""
    told = error.__cause__ if isinstance(error, StorageInternalError) else None
    return str(told or error).partition("\n")[0]


class OutageSpeaker:
    """Says that the database is away, and back; not each time where it comes and goes.

    On a full disk the smallest changes still find room, and the next larger one none.

    Args:
        say: prints a line.
        monotonic: the clock, in seconds.
    """

    def __init__(
        self, say: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._say, self._monotonic = say, monotonic
        self._back_at = self._said_at = float("-inf")

    def away(self, error: Exception, *, trainers: int) -> Callable[[str], None]:
        """Say it; what follows is said by what is returned."""
        now = self._monotonic()
        flickers = now - self._back_at < _FLICKER_SECONDS
        if flickers and now - self._said_at < _SAY_SECONDS:
            return lambda line: None
        self._said_at = now
        still = "still away" if flickers else "away"
        on = "; trainers go on" if trainers else ""
        self._say(f"the database is {still}{on} ({words(error)})")
        return (lambda line: None) if flickers else self._say

    def back(self) -> None:
        """It answers again."""
        self._back_at = self._monotonic()


def outlast(
    database: Database,
    meanwhile: Callable[[], bool],
    say: Callable[[str], None],
) -> bool:
    """Wait until ``database`` answers again.

    Args:
        database: what is away.
        meanwhile: called all the time: renews leases; ``False`` gives up.
        say: told now and then how it stands.

    Returns:
        ``False`` where ``meanwhile`` gave up.
    """
    began = said = time.monotonic()
    if not meanwhile():  # whoever has asked to stop waits for nothing
        return False
    time.sleep(_RETRY_SECONDS)
    while not _answers(database):
        if not meanwhile():
            return False
        if time.monotonic() - said > _SAY_SECONDS:
            said = time.monotonic()
            say(f"the database has been away for {said - began:.0f} s; trainers go on")
        time.sleep(_RETRY_SECONDS)
    say(f"the database is back after {time.monotonic() - began:.0f} s; catching up")
    return True


def _answers(database: Database) -> bool:
    """Whether it can be read and written: on a full disk SQLite still reads."""
    try:
        with database.session() as session:
            session.execute(text("UPDATE tuner_studies SET asking = asking"))
    except OUTAGES:
        return False
    return True
