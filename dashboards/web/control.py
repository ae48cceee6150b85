"""The pages /control: how studies stand, and the buttons that ask their controllers."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dashboards.web.study_view import StudyView, study_view
from storage.database import Database
from storage.errors import StudyNotFoundError
from storage.optuna_ids import study_ids
from storage.requests import expire_unheard
from storage.requests import request as ask
from storage.status import read_all
from storage.studies import Studies

KINDS = ("pause", "resume", "stop", "prune")
_CONFIRMED = ("stop", "prune")
"""What cannot be taken back is asked twice."""


def control_pages(database: Database, read_only: bool) -> Blueprint:
    """The pages; where nothing may be written their buttons are switched off."""
    pages = Blueprint("control", __name__, url_prefix="/control")
    pages.context_processor(lambda: {"read_only": read_only})

    @pages.get("")
    def studies() -> str:
        shown = {"studies": read_all(database), "ids": study_ids(database)}
        return render_template("studies.html", **shown)

    @pages.get("/<study>")
    def study(study: str) -> str:
        return render_template("study.html", view=_view(study))

    @pages.get("/<study>/live")
    def live(study: str) -> str:
        """What of the page changes by itself."""
        return render_template("live.html", view=_view(study))

    @pages.get("/<study>/confirm")
    def confirm(study: str) -> str:
        kind, number = _asked(request.args)
        return render_template("confirm.html", view=_view(study), kind=kind, number=number)

    @pages.post("/<study>/commands")
    def send(study: str) -> Response:
        kind, number = _asked(request.form)
        if kind in _CONFIRMED and request.form.get("confirmed") != "yes":
            place = url_for(".confirm", study=study, kind=kind, number=number)
            return redirect(place, 303)
        record = Studies(database).get(study) or _missing(study)
        who = f"browser at {request.remote_addr}"
        ask(database, record, kind, requested_by=who, source="dashboard", number=number)
        return redirect(url_for(".study", study=study), 303)

    def _view(name: str) -> StudyView:
        try:
            if not read_only:
                expire_unheard(database, name)
            return study_view(database, name)
        except StudyNotFoundError as error:
            abort(404, str(error))

    def _missing(name: str) -> Any:
        abort(404, str(Studies(database).not_found(name)))

    return pages


def _asked(fields: Any) -> tuple[str, int | None]:
    """The command that a form names, and the trial that it is about."""
    kind, text = fields.get("kind", ""), fields.get("number") or None
    if kind not in KINDS:
        abort(400, f"command {kind!r}: it is one of {', '.join(KINDS)}")
    if kind != "prune":
        return kind, None
    if text is None or not text.isdecimal() or len(text) > 9:
        abort(400, f"trial {text!r}: to prune one, name it by its number")
    return kind, int(text)
