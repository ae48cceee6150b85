"""The whole web application: our pages and optuna-dashboard's, behind one guard."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import bottle
from flask import Flask
from werkzeug.wrappers import Request

from dashboards.web.answers import SAFE_METHODS, refusal
from dashboards.web.artifacts import RunArtifacts
from dashboards.web.guard import Application, Guard
from dashboards.web.material import Material
from dashboards.web.optuna_pages import optuna_pages, refused_write
from dashboards.web.outage import Outages
from dashboards.web.pages import own_pages
from dashboards.web.run_folders import RunFolders
from dashboards.web.sessions import Sessions
from dashboards.web.settings import WebSettings
from dashboards.web.study_detail import StudyDetail
from dashboards.web.view import RunsStorage
from storage.database import Database
from storage.optuna_storage import optuna_storage_of
from storage.studies import Studies

OWN = frozenset({"healthz", "login", "logout", "control", "assets"})
"""The first segments of the paths that are ours; all others are optuna-dashboard's."""


class Applications(NamedTuple):
    """The application, and what it is made of."""

    guarded: Application
    """To be served: nothing of the others is, without it."""
    own: Flask
    optuna: bottle.Bottle


def make_application(database: Database, settings: WebSettings) -> Applications:
    """The application on ``database``.

    Raises:
        StorageError: Optuna's tables are of another version.
    """
    folders = RunFolders(database, settings.runs)
    artifacts = RunArtifacts(folders)
    sessions = Sessions()
    storage = optuna_storage_of(
        database, partial(RunsStorage, database=database, artifacts=artifacts)
    )
    detail = StudyDetail(Studies(database), Material(database, folders))
    has_login = settings.password is not None
    optuna = optuna_pages(storage, artifacts, detail, has_login=has_login)
    own = own_pages(database, settings, sessions)
    both = Outages(_Both(own, optuna), database)
    return Applications(Guard(both, settings, sessions), own, optuna)


class _Both:
    """Passes each request to whom its path belongs."""

    def __init__(self, own: Application, optuna: Application) -> None:
        self._own = own
        self._optuna = optuna

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request, path = Request(environ), environ["PATH_INFO"]
        if path.removeprefix("/").partition("/")[0] in OWN:
            return self._own(environ, start_response)
        if request.method not in SAFE_METHODS:
            reason = refused_write(request.method, path)
            if reason is not None:
                return refusal(request, 403, reason)(environ, start_response)
        return self._optuna(environ, start_response)
