"""Our own pages: health, login and control, one small Flask application."""

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from dashboards.commands import command_text
from dashboards.formatting import duration, fraction, moment, number
from dashboards.web.answers import for_program, refusal
from dashboards.web.control import control_pages
from dashboards.web.login import login_pages
from dashboards.web.sessions import Sessions
from dashboards.web.settings import WebSettings
from dashboards.words import study_reason_text
from storage.database import Database

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'"
)
_MOST_BYTES = 64 * 1024
"""Of a form."""
_FILTERS = {
    "command_text": command_text,
    "duration": duration,
    "moment": moment,
    "number": number,
    "reason_text": study_reason_text,
}


def own_pages(database: Database, settings: WebSettings, sessions: Sessions) -> Flask:
    """The application."""
    app = Flask(__name__, static_folder="assets", static_url_path="/assets")
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.config["PROPAGATE_EXCEPTIONS"] = True  # an outage of the database is answered by another
    app.jinja_env.filters.update(_FILTERS)
    app.jinja_env.globals.update(fraction=fraction, has_login=settings.password is not None)
    app.add_url_rule("/healthz", "health", lambda: Response("ok\n", mimetype="text/plain"))
    app.register_blueprint(login_pages(settings.password, sessions))
    app.register_blueprint(control_pages(database, settings.read_only))
    app.register_error_handler(HTTPException, _refused)
    app.after_request(_with_policy)
    return app


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    reason = error.description or error.name
    if for_program(request):
        return refusal(request, status, reason)
    return Response(render_template("refused.html", reason=reason), status, mimetype="text/html")


def _with_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    return response
