"""What no sink process could send: sent now, by whoever asks for it."""

from collections.abc import Callable
from pathlib import Path

from smart_tuner.config.mlflow_section import without_passwords
from smart_tuner.sinks.feeding import make_feeds
from smart_tuner.sinks.folder_lock import folder_lock
from smart_tuner.sinks.settings import SinkSettings, unsent_marker
from storage.database import Database
from trainer.exit_codes import BadInputError

_WORDS = 200
"""Of libraries that say the same thing three times."""


def synchronise(settings: SinkSettings, database: Database, say: Callable[[str], None]) -> None:
    """Send all that is missing of a study.

    Raises:
        BadInputError: a sink is away, or another process is sending.
    """
    folder = Path(settings.folder)
    if not folder.is_dir():
        raise BadInputError(
            f"{folder} is not there: run this in the directory in which the study was started"
        )
    with folder_lock(folder, lambda: False) as got:
        if not got:
            raise BadInputError(
                f"study '{settings.study}' is being sent by its controller: try again when that "
                "has ended"
            )
        for feed in make_feeds(settings, database, say):
            if not feed.round(last=True, quietly=True):
                raise BadInputError(
                    f"not sent: {_short(feed.problem)}; once MLflow can be reached, try again"
                )
        unsent_marker(folder).unlink(missing_ok=True)


def _short(problem: str) -> str:
    """Without the passwords of URLs."""
    line = without_passwords(problem).partition("\n")[0]
    return line if len(line) <= _WORDS else f"{line[:_WORDS].rsplit(' ', 1)[0]} ..."
