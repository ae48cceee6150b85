"""How the server refuses: one line, as JSON for programs, else as a page's text."""

import json
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

LOGIN = "/login"
SAFE_METHODS = frozenset({"GET", "HEAD"})
_FOR_PROGRAMS = ("/api", "/csv", "/artifacts")


def refusal(request: Request, status: int, reason: str) -> Response:
    """A refusal; for programs worded as by optuna-dashboard's own API: ``{"reason": …}``."""
    if for_program(request):
        return Response(json.dumps({"reason": reason}), status, mimetype="application/json")
    return Response(f"{reason}\n", status, mimetype="text/plain")


def log_in_first(request: Request) -> Response:
    """A page leads to the login, and back afterwards; everything else is answered with 401."""
    if for_program(request):
        return refusal(request, 401, f"log in first, on the page {LOGIN}")
    place = request.full_path.rstrip("?")
    return redirect(f"{LOGIN}?{urlencode({'next': place})}", 303)


def for_program(request: Request) -> bool:
    """Whether no person reads the answer: it is data, or of a request that changes something."""
    if request.method not in SAFE_METHODS:
        return True
    return any(request.path == one or request.path.startswith(f"{one}/") for one in _FOR_PROGRAMS)
