"""optuna-dashboard on a storage view, and which of its requests may change anything."""

import re
from typing import cast

import bottle
import optuna_dashboard

from dashboards.web.artifact_files import ArtifactFiles
from dashboards.web.artifacts import RunArtifacts
from dashboards.web.page_links import PageLinks
from dashboards.web.study_detail import StudyDetail
from dashboards.web.view import RunsStorage

_ALLOWED_WRITES = (
    ("PUT", re.compile(r"/api/studies/\d+/note")),
    ("PUT", re.compile(r"/api/studies/\d+/\d+/note")),
    ("POST", re.compile(r"/api/trials/\d+/user-attrs")),
)
_DELETES_STUDY = re.compile(r"/api/studies/\d+/?")


def optuna_pages(
    storage: RunsStorage, artifacts: RunArtifacts, detail: StudyDetail, *, has_login: bool
) -> bottle.Bottle:
    """The application; its errors pass through to whoever calls it."""
    app = cast(bottle.Bottle, optuna_dashboard.wsgi(storage, artifact_store=artifacts))
    app.catchall = False
    app.install(detail)
    app.install(ArtifactFiles())
    app.install(PageLinks(has_login=has_login))
    return app


def refused_write(method: str, path: str) -> str | None:
    """Why a request may not change what it would; ``None`` if it may.

    Optuna's side of a study is the controller's alone: whoever changes it in passing would make
    it disagree with our tables.
    """
    if any(method == verb and rule.fullmatch(path) for verb, rule in _ALLOWED_WRITES):
        return None
    if method == "DELETE" and _DELETES_STUDY.fullmatch(path):
        return "studies are deleted with 'smart-tuner delete STUDY', which knows their files too"
    return (
        "only notes and attributes are changed here: studies are run and changed with"
        " 'smart-tuner' and on the page /control"
    )
