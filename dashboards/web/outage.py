"""While the database is away, requests are answered with 503 and one line, and so is the log."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.exceptions import StorageInternalError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Request

from dashboards.web.answers import refusal
from dashboards.web.guard import HEALTH, Application
from storage.database import Database
from storage.errors import StorageError, StudyNotFoundError
from storage.tables import StudyRow

_logger = logging.getLogger(__name__)
_WITHOUT_DATABASE = (HEALTH, "/login", "/logout", "/assets/", "/static/", "/favicon.ico")


class Outages:
    """A WSGI application before another one that needs the database.

    Args:
        application: may raise what the database's absence makes it raise.
        database: looked at before each request that needs it; optuna-dashboard would answer 500
            and write a traceback.
    """

    def __init__(self, application: Application, database: Database) -> None:
        self._application = application
        self._database = database
        self._is_away = False
        self._lock = threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        request = Request(environ)
        try:
            if not request.path.startswith(_WITHOUT_DATABASE):
                self._look()
            return self._application(environ, start_response)
        except (ArtifactNotFound, StudyNotFoundError) as error:
            answer = refusal(request, 404, str(error))
        except (StorageError, StorageInternalError, SQLAlchemyError) as error:
            answer = refusal(request, 503, self._away(error))
        return answer(environ, start_response)

    def _look(self) -> None:
        """Raises :class:`StorageError` where the database doesn't answer."""
        with self._database.session() as session:
            session.execute(select(StudyRow.name).limit(1))
        with self._lock:
            if self._is_away:
                _logger.warning("the database answers again")
            self._is_away = False

    def _away(self, error: Exception) -> str:
        words = str(error).splitlines()[0] if isinstance(error, StorageError) else "no answer"
        with self._lock:
            if not self._is_away:
                _logger.warning("the database is away: %s", words)
            self._is_away = True
        return f"the database is away: {words}"
